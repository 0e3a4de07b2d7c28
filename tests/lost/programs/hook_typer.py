"""A command line program, whose framework prints the traceback its own way."""

import typer

import sentry_like

sentry_like.init()
app = typer.Typer()


@app.command()
def main():
    raise ValueError("the command failed")


app()
