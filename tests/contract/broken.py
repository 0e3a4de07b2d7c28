"""`python broken.py`: holds integrations against the rules that they break, and one that breaks none.

Prints `{"healthy": {rule: verdict}, "broken": [[rule, what, verdict], ...]}`.
"""

from __future__ import annotations

import json

import broken_integrations as made
import places
from rules import RULES
from run_rules import verdict
from subject import Subject, trouble

import sentry_like


def function(cargo):
    """What is integrated with."""
    return 5 if cargo is None else trouble(cargo)


made.owner.function = function
made.owner.other = function


class Broken(Subject):
    identifier = "broken"

    def __init__(self, integration=made.Healthy):
        self._integration = integration

    def integration(self):
        return self._integration()

    def targets(self):
        return [(made.owner, "function")]

    def work(self):
        return made.owner.function(None)

    def fail(self, cargo):
        return made.owner.function(cargo)


class Speaking(Broken):
    """Captures something though the integration is off."""

    def work(self):
        sentry_like.capture_message("x")


BREAKING = [
    ("it_sees_each_use_and_each_failure_once", made.Deaf),
    ("set_up_twice_is_once", made.SetUpAtEachUse),
    ("two_clients_at_once_tell_each_thing_once", made.ForOneClient),
    ("off_from_the_beginning_leaves_everything_alone", Speaking),
    ("disabled_by_option_leaves_everything_alone", made.SetUpAtEachUse),
    ("client_without_it_is_told_nothing_though_another_has_it", made.ForAllClients),
    ("closed_client_is_told_nothing", made.TellingTheClosed),
    ("result_exception_and_what_is_printed_stay_the_same", made.ChangingResults),
    ("result_exception_and_what_is_printed_stay_the_same", made.ChangingExceptions),
    ("signatures_stay_the_same", made.ChangingTheSignature),
    ("no_warning_is_added", made.WarningOfItself),
    ("raising_hooks_and_transports_do_not_reach_the_application", made.CallingHooksByItself),
    ("fault_inside_it_does_not_reach_the_application", made.Unguarded),
    ("nothing_leaks_out_of_a_unit", made.SettingTheProcessesTags),
    ("nothing_leaks_from_thread_to_thread", made.SettingTheProcessesTags),
    ("nothing_leaks_from_task_to_task", made.SettingTheProcessesTags),
    ("nothing_keeps_what_failed_alive", made.KeepingWhatFailed),
    ("uninstalling_puts_everything_back", made.WithAnExitFunction),
    ("uninstalling_puts_everything_back", made.NeverUndone),
    ("what_it_replaces_is_what_its_subject_names", made.ReplacingMore),
    ("forked_child_tells_each_thing_once", made.OfOneProcess),
]
"""Each rule with an integration that breaks it."""


def subject_of(breaking):
    return breaking() if issubclass(breaking, Subject) else Broken(breaking)


def main():
    places.add(made.__file__)
    healthy = {name: verdict(rule, Broken()) for name, rule in RULES.items()}
    broken = [(name, one.__name__, verdict(RULES[name], subject_of(one))) for name, one in BREAKING]
    print(json.dumps({"healthy": healthy, "broken": broken}))


if __name__ == "__main__":
    main()
