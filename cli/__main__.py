"""The program `ptycho`: signals first, since even the imports of the command line can be interrupted."""

import sys

from ptychopinn_cli.signals import Stop, Stopped


def ptycho():
    """Run the command line; end in one line whenever a signal asks for it."""
    stop = Stop()
    try:
        stop.listen()
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show ends no command
        from ptychopinn_cli.main import main

        main(prog_name="ptycho", obj={"stop": stop})
    except Stopped as error:
        stop.end(error.number, error.advice)
    except BaseException:
        if stop.signal is not None:  # what `Stopped` became on its way through a library
            stop.end(stop.signal)
        raise
    finally:
        stop.raises = False


if __name__ == "__main__":
    ptycho()
