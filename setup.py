"""What pyproject.toml cannot say: the site's static files, which stand beside the packages, belong to the wheel."""

from setuptools import setup
from setuptools.command.build_py import build_py


class WithStaticFiles(build_py):
    """Build the packages, with `static/` as `listening/static`, where Django looks for the files of an app."""

    def run(self) -> None:
        """Copy what setuptools knows, then the static files; an editable install reads them where they are."""
        super().run()
        if not self.editable_mode:
            self.copy_tree("static", f"{self.build_lib}/listening/static")


setup(cmdclass={"build_py": WithStaticFiles})
