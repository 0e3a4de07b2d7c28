"""A command line program that fails, then one that is only used wrongly."""

import sys

import click

import sentry_like

sentry_like.init()


@click.command()
@click.option("--count", type=int, default=0)
def main(count):
    raise ValueError("the command failed")


main(sys.argv[1:])
