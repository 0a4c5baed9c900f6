
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import listening.models.session
import listening.models.study
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Assessor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(default=listening.models.session.new_code, max_length=80, unique=True, verbose_name='code')),
                ('simulated', models.BooleanField(default=False, verbose_name='simulated')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'assessor',
                'verbose_name_plural': 'assessors',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.PositiveIntegerField(verbose_name='step')),
                ('path', models.CharField(help_text='its folder, within MEDIA_ROOT', max_length=400, verbose_name='path')),
                ('sha256', models.CharField(max_length=64)),
                ('card', models.JSONField(default=dict, verbose_name='card')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'checkpoint',
                'verbose_name_plural': 'checkpoints',
                'ordering': ['run', '-step'],
            },
        ),
        migrations.CreateModel(
            name='RatingSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(editable=False, upload_to='ratings/', verbose_name='file')),
                ('sha256', models.CharField(editable=False, max_length=64)),
                ('rows', models.PositiveIntegerField(editable=False, verbose_name='rows')),
                ('simulated', models.PositiveIntegerField(default=0, editable=False, verbose_name='simulated rows')),
                ('screening', models.JSONField(default=dict, editable=False, help_text='who was dropped, why', verbose_name='post-screening')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'rating set',
                'verbose_name_plural': 'rating sets',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Slot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('token', models.CharField(default=listening.models.session.new_token, editable=False, max_length=40, unique=True)),
            ],
            options={
                'verbose_name': 'slot',
                'verbose_name_plural': 'slots',
                'ordering': ['trial', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Audio',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(upload_to='audio/', verbose_name='file')),
                ('sha256', models.CharField(editable=False, max_length=64)),
                ('rate', models.PositiveIntegerField(verbose_name='sample rate (Hz)')),
                ('channels', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(2)], verbose_name='channels')),
                ('frames', models.PositiveIntegerField(verbose_name='length (samples)')),
                ('loudness', models.FloatField(help_text='ITU-R BS.1770-4, as stored', null=True, verbose_name='loudness (LUFS)')),
                ('peak', models.FloatField(verbose_name='peak')),
                ('gain', models.FloatField(default=0.0, help_text='applied when it was let in', verbose_name='gain (dB)')),
                ('delivered_as', models.CharField(help_text='the name it came under', max_length=300, verbose_name='delivered as')),
            ],
            options={
                'verbose_name': 'audio',
                'verbose_name_plural': 'audio',
                'constraints': [models.CheckConstraint(condition=models.Q(('channels__gte', 1), ('channels__lte', 2), ('frames__gt', 0), ('rate__gt', 0)), name='audio_measured')],
            },
        ),
        migrations.CreateModel(
            name='Condition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('role', models.CharField(choices=[('system', 'system under test'), ('reference', 'hidden reference'), ('anchor', 'anchor')], default='system', max_length=10, verbose_name='role')),
                ('description', models.TextField(blank=True, help_text='how its stimuli were made', verbose_name='description')),
                ('checkpoint', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='conditions', to='listening.checkpoint', verbose_name='checkpoint')),
            ],
            options={
                'verbose_name': 'condition',
                'verbose_name_plural': 'conditions',
                'ordering': ['study', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('accompaniment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='listening.audio', verbose_name='accompaniment')),
                ('mixture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='listening.audio', verbose_name='mixture')),
            ],
            options={
                'verbose_name': 'item',
                'verbose_name_plural': 'items',
                'ordering': ['study', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Objective',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', editable=False, max_length=10, verbose_name='status')),
                ('lease', models.UUIDField(editable=False, help_text='who works on it; a new one at each claim', null=True)),
                ('step', models.PositiveIntegerField(default=0, editable=False, verbose_name='step')),
                ('total', models.PositiveIntegerField(default=0, editable=False, verbose_name='steps')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('started_at', models.DateTimeField(editable=False, null=True)),
                ('beat_at', models.DateTimeField(editable=False, null=True)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('message', models.TextField(blank=True, editable=False, help_text='why it failed, in one line', verbose_name='message')),
                ('seed', models.PositiveBigIntegerField(default=listening.models.study.new_seed, verbose_name='seed')),
                ('card', models.JSONField(default=dict, editable=False, verbose_name='card')),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('recipe', models.CharField(default='compact', max_length=200, verbose_name='recipe')),
                ('ratings', models.ManyToManyField(related_name='objectives', to='listening.ratingset', verbose_name='rating sets')),
            ],
            options={
                'verbose_name': 'objective',
                'verbose_name_plural': 'objectives',
                'ordering': ['-created_at', '-pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Reference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(default='vocals', max_length=40, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('audio', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='listening.audio', verbose_name='audio')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='references', to='listening.item', verbose_name='item')),
            ],
            options={
                'verbose_name': 'reference',
                'verbose_name_plural': 'references',
                'ordering': ['item', 'position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Rendering',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', editable=False, max_length=10, verbose_name='status')),
                ('lease', models.UUIDField(editable=False, help_text='who works on it; a new one at each claim', null=True)),
                ('step', models.PositiveIntegerField(default=0, editable=False, verbose_name='step')),
                ('total', models.PositiveIntegerField(default=0, editable=False, verbose_name='steps')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('started_at', models.DateTimeField(editable=False, null=True)),
                ('beat_at', models.DateTimeField(editable=False, null=True)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('message', models.TextField(blank=True, editable=False, help_text='why it failed, in one line', verbose_name='message')),
                ('condition', models.CharField(help_text='what the new condition is called', max_length=80, verbose_name='condition')),
                ('slug', models.SlugField(max_length=80, verbose_name='slug of the new study')),
                ('checkpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='renderings', to='listening.checkpoint', verbose_name='checkpoint')),
            ],
            options={
                'verbose_name': 'rendering',
                'verbose_name_plural': 'renderings',
                'ordering': ['-created_at', '-pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.FloatField(verbose_name='score')),
                ('order', models.PositiveIntegerField(default=0, help_text="the browser's own count of its answers", verbose_name='order')),
                ('key', models.UUIDField(default=uuid.uuid4, help_text='idempotency key of the newest answer')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='changed')),
                ('slot', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='rating', to='listening.slot', verbose_name='slot')),
            ],
            options={
                'verbose_name': 'rating',
                'verbose_name_plural': 'ratings',
                'ordering': ['slot'],
            },
        ),
        migrations.CreateModel(
            name='Stimulus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audio', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='listening.audio', verbose_name='audio')),
                ('condition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stimuli', to='listening.condition', verbose_name='condition')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stimuli', to='listening.item', verbose_name='item')),
            ],
            options={
                'verbose_name': 'stimulus',
                'verbose_name_plural': 'stimuli',
                'ordering': ['item', 'condition'],
            },
        ),
        migrations.AddField(
            model_name='slot',
            name='stimulus',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='slots', to='listening.stimulus', verbose_name='stimulus'),
        ),
        migrations.CreateModel(
            name='Study',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='slug')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('open', 'open'), ('closed', 'closed'), ('archived', 'archived')], default='draft', editable=False, max_length=10, verbose_name='status')),
                ('preset', models.CharField(help_text='the test method it was made from', max_length=40, verbose_name='preset')),
                ('source', models.CharField(blank=True, help_text='where an imported test is from', max_length=200, verbose_name='source')),
                ('introduction', models.TextField(blank=True, verbose_name='introduction')),
                ('consent', models.TextField(blank=True, help_text='what an assessor agrees to first', verbose_name='consent')),
                ('consent_version', models.CharField(default='1', max_length=20, verbose_name='consent version')),
                ('instructions', models.TextField(blank=True, verbose_name='instructions')),
                ('thanks', models.TextField(blank=True, verbose_name='thanks')),
                ('completion_code', models.CharField(blank=True, max_length=40, verbose_name='completion code')),
                ('return_url', models.URLField(blank=True, verbose_name='return URL')),
                ('seed', models.PositiveBigIntegerField(default=listening.models.study.new_seed, help_text='every order is drawn from it', verbose_name='seed')),
                ('rate', models.PositiveIntegerField(default=44100, verbose_name='sample rate (Hz)')),
                ('loudness', models.FloatField(blank=True, default=-24.0, help_text='empty: as delivered', null=True, verbose_name='loudness (LUFS)')),
                ('longest', models.FloatField(default=12.0, help_text='BS.1534-3: preferably up to 12 s', verbose_name='longest excerpt (s)')),
                ('items_per_session', models.PositiveSmallIntegerField(blank=True, help_text='empty: all', null=True, verbose_name='items per session')),
                ('replicates', models.PositiveSmallIntegerField(default=1, help_text='rated twice: how reliable is each assessor?', verbose_name='replicated trials per attribute')),
                ('quota', models.PositiveIntegerField(blank=True, help_text='empty: no limit', null=True, verbose_name='quota of sessions')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('opened_at', models.DateTimeField(editable=False, null=True, verbose_name='opened')),
                ('closed_at', models.DateTimeField(editable=False, null=True, verbose_name='closed')),
                ('rendering', models.ForeignKey(blank=True, editable=False, help_text='the rendering that drafted this study', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='listening.rendering', verbose_name='rendering')),
            ],
            options={
                'verbose_name': 'study',
                'verbose_name_plural': 'studies',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(default=listening.models.session.new_token, editable=False, max_length=40, unique=True)),
                ('number', models.PositiveIntegerField(help_text='0, 1, 2 … within the study; balances the designs', verbose_name='number')),
                ('seed', models.PositiveBigIntegerField(verbose_name='seed')),
                ('consent_version', models.CharField(blank=True, max_length=20, verbose_name='consent version')),
                ('client', models.JSONField(blank=True, default=dict, help_text='browser, sample rate, latency', verbose_name='client')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
                ('consented_at', models.DateTimeField(blank=True, null=True, verbose_name='consented')),
                ('declined_at', models.DateTimeField(blank=True, null=True, verbose_name='declined')),
                ('instructed_at', models.DateTimeField(blank=True, null=True, verbose_name='instructed')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('assessor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='listening.assessor', verbose_name='assessor')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='listening.study', verbose_name='study')),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'ordering': ['study', 'number'],
            },
        ),
        migrations.AddField(
            model_name='rendering',
            name='study',
            field=models.ForeignKey(help_text='whose items to render', on_delete=django.db.models.deletion.PROTECT, related_name='renderings', to='listening.study', verbose_name='study'),
        ),
        migrations.AddField(
            model_name='ratingset',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rating_sets', to='listening.study', verbose_name='study'),
        ),
        migrations.AddField(
            model_name='item',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='listening.study', verbose_name='study'),
        ),
        migrations.AddField(
            model_name='condition',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='conditions', to='listening.study', verbose_name='study'),
        ),
        migrations.CreateModel(
            name='Attribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=40, verbose_name='key')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('question', models.CharField(max_length=300, verbose_name='question')),
                ('definition', models.TextField(blank=True, verbose_name='definition')),
                ('low', models.CharField(max_length=80, verbose_name='low end')),
                ('high', models.CharField(max_length=80, verbose_name='high end')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attributes', to='listening.study', verbose_name='study')),
            ],
            options={
                'verbose_name': 'attribute',
                'verbose_name_plural': 'attributes',
                'ordering': ['study', 'position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='TrainingRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('queued', 'queued'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='queued', editable=False, max_length=10, verbose_name='status')),
                ('lease', models.UUIDField(editable=False, help_text='who works on it; a new one at each claim', null=True)),
                ('step', models.PositiveIntegerField(default=0, editable=False, verbose_name='step')),
                ('total', models.PositiveIntegerField(default=0, editable=False, verbose_name='steps')),
                ('attempts', models.PositiveIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('started_at', models.DateTimeField(editable=False, null=True)),
                ('beat_at', models.DateTimeField(editable=False, null=True)),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('message', models.TextField(blank=True, editable=False, help_text='why it failed, in one line', verbose_name='message')),
                ('seed', models.PositiveBigIntegerField(default=listening.models.study.new_seed, verbose_name='seed')),
                ('card', models.JSONField(default=dict, editable=False, verbose_name='card')),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('recipe', models.CharField(default='regression', max_length=200, verbose_name='recipe')),
                ('data', models.CharField(help_text='a folder of songs with their stems', max_length=400, verbose_name='data')),
                ('limit', models.PositiveIntegerField(blank=True, help_text='empty: as the recipe says', null=True, verbose_name='steps')),
                ('objective', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='trainings', to='listening.objective', verbose_name='objective')),
                ('start', models.ForeignKey(blank=True, help_text='weights to begin with; empty: from scratch', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='continued_by', to='listening.checkpoint', verbose_name='start from')),
            ],
            options={
                'verbose_name': 'training run',
                'verbose_name_plural': 'training runs',
                'ordering': ['-created_at', '-pk'],
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='checkpoint',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checkpoints', to='listening.trainingrun', verbose_name='training run'),
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('replicate', models.PositiveSmallIntegerField(default=0, verbose_name='replicate')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('seconds', models.FloatField(blank=True, help_text='time spent on the page', null=True, verbose_name='seconds')),
                ('attribute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='listening.attribute', verbose_name='attribute')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='listening.item', verbose_name='item')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trials', to='listening.session', verbose_name='session')),
            ],
            options={
                'verbose_name': 'trial',
                'verbose_name_plural': 'trials',
                'ordering': ['session', 'position'],
            },
        ),
        migrations.AddField(
            model_name='slot',
            name='trial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slots', to='listening.trial', verbose_name='trial'),
        ),
        migrations.AddConstraint(
            model_name='objective',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), _negated=True), models.Q(('beat_at__isnull', False), ('lease__isnull', False)), _connector='OR'), name='objective_running_has_a_lease'),
        ),
        migrations.AddConstraint(
            model_name='objective',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed', 'cancelled'])), name='objective_known_status'),
        ),
        migrations.AddConstraint(
            model_name='reference',
            constraint=models.UniqueConstraint(fields=('item', 'name'), name='reference_once_per_item'),
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.CheckConstraint(condition=models.Q(('score__gte', 0), ('score__lte', 100)), name='rating_from_0_to_100'),
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.CheckConstraint(condition=models.Q(('changed_at__gte', models.F('created_at'))), name='rating_not_changed_before_made'),
        ),
        migrations.AddConstraint(
            model_name='stimulus',
            constraint=models.UniqueConstraint(fields=('item', 'condition'), name='stimulus_once'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'open', 'closed', 'archived'])), name='study_known_status'),
        ),
        migrations.AddConstraint(
            model_name='session',
            constraint=models.UniqueConstraint(fields=('study', 'number'), name='session_number_once'),
        ),
        migrations.AddConstraint(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(('declined_at', None), ('finished_at', None), _connector='OR'), name='session_declined_is_not_finished'),
        ),
        migrations.AddConstraint(
            model_name='rendering',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), _negated=True), models.Q(('beat_at__isnull', False), ('lease__isnull', False)), _connector='OR'), name='rendering_running_has_a_lease'),
        ),
        migrations.AddConstraint(
            model_name='rendering',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed', 'cancelled'])), name='rendering_known_status'),
        ),
        migrations.AddConstraint(
            model_name='ratingset',
            constraint=models.UniqueConstraint(fields=('study', 'sha256'), name='rating_set_once'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('study', 'name'), name='item_once_per_study'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.UniqueConstraint(fields=('study', 'name'), name='condition_once_per_study'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['system', 'reference', 'anchor'])), name='condition_known_role'),
        ),
        migrations.AddConstraint(
            model_name='attribute',
            constraint=models.UniqueConstraint(fields=('study', 'key'), name='attribute_once_per_study'),
        ),
        migrations.AddConstraint(
            model_name='trainingrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'running'), _negated=True), models.Q(('beat_at__isnull', False), ('lease__isnull', False)), _connector='OR'), name='trainingrun_running_has_a_lease'),
        ),
        migrations.AddConstraint(
            model_name='trainingrun',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed', 'cancelled'])), name='trainingrun_known_status'),
        ),
        migrations.AddConstraint(
            model_name='checkpoint',
            constraint=models.UniqueConstraint(fields=('run', 'step'), name='checkpoint_once_per_step'),
        ),
        migrations.AddConstraint(
            model_name='trial',
            constraint=models.UniqueConstraint(fields=('session', 'position'), name='trial_position_once'),
        ),
        migrations.AddConstraint(
            model_name='trial',
            constraint=models.UniqueConstraint(fields=('session', 'attribute', 'item', 'replicate'), name='trial_once'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.UniqueConstraint(fields=('trial', 'position'), name='slot_position_once'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.UniqueConstraint(fields=('trial', 'stimulus'), name='slot_stimulus_once'),
        ),
    ]
