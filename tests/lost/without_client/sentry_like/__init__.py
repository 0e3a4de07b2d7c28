"""Stands in for the client where Python is to be seen alone: every name is there, and does nothing."""

import sys
from importlib.machinery import ModuleSpec


class Nothing:
    """Takes every call, and is a block."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments, **options):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


class Rooms:
    """Finds every module below this package, and loads it as nothing."""

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, is_package=True) if name.startswith(f"{__name__}.") else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__getattr__ = __getattr__


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Nothing()


sys.meta_path.insert(0, Rooms())
