"""The demonstration's processes: one that was killed is started anew, one that ended stays ended."""

import subprocess
import sys

from listening.management.ring.serve import restarted


def begun(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code])


def test_a_worker_that_was_killed_is_started_anew_with_the_same_command():
    killed = begun("import time; time.sleep(60)")
    assert restarted(killed) is killed
    killed.kill()
    killed.wait(10)
    again = restarted(killed)
    assert again is not killed
    assert again.args == killed.args
    again.kill()
    again.wait(10)


def test_a_worker_that_has_ended_well_stays_so():
    ended = begun("")
    ended.wait(10)
    assert restarted(ended) is ended
