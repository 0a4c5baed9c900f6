"""A draft to put sounds into, and whoever may."""

import pytest
from django.contrib.auth.models import User

from listening import stimuli


@pytest.fixture
def study():
    return stimuli.new_study("pilot", "Pilot", "ward-2")


@pytest.fixture
def researcher(client):
    client.force_login(User.objects.create_superuser("anna"))
    return client
