"""The shells that redlock has completions for: what each offers for a line, and a terminal to type on.

Nothing of the user's own settings is read: each shell has an empty folder as its home.
"""
import errno
import os
import pty
import re
import select
import shutil
import subprocess
import time

DEADLINE = 60  # Only passed when something is broken.


class Shells:
    """`redlock`: the binary; `root`: of the repository; `home`: an empty folder."""

    def __init__(self, redlock, root, home, **environment):
        self.scripts = os.path.join(root, "completions")
        self.home = home
        # Or fish would read all manual pages in the background, and write here for long.
        os.makedirs(os.path.join(home, "fish", "generated_completions"), exist_ok=True)
        path = os.path.dirname(redlock) + ":" + os.environ.get("PATH", "/usr/bin:/bin")
        self.environment = {"HOME": home, "ZDOTDIR": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home,
                            "PATH": path, "TERM": "xterm", "LANG": "C.UTF-8", **environment}

    def _run(self, command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False,
                              env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL)
        if done.stderr:
            raise AssertionError(f"{command[0]} says: {done.stderr}")
        return [line for line in done.stdout.split("\n") if line]

    def bash(self, line):
        """Readline breaks words at "=" and ":" as well."""
        words = [part for word in re.split(r"\s+", line) for part in re.findall(r"[=:]+|[^=:]+", word) or [""]]
        listed = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        return self._run(["bash", "--norc", "-c", f"""
            source {self.scripts}/redlock.bash
            COMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDS=({listed}) COMP_CWORD={len(words) - 1}
            _redlock
            printf '%s\\n' "${{COMPREPLY[@]}}" """, "bash", line])

    def zsh(self, line):
        """What would be added to zsh's list; what zsh completes by itself is shown by a name."""
        words = line.split(" ")
        listed = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        return self._run(["zsh", "-f", "-c", f"""
            compdef() {{ }}
            compadd() {{ print -rl -- "${{(@P)@[-1]}}" }}
            compset() {{ }}
            _files() {{ print FILES }}
            _command_names() {{ print PROGRAMS }}
            _normal() {{ print COMMAND "$CURRENT" "$words" }}
            source {self.scripts}/_redlock
            words=({listed}) CURRENT={len(words)} PREFIX={listed.rsplit(" ", 1)[-1]}
            _redlock"""])

    def fish(self, line):
        found = self._run(["fish", "--no-config", "-c",
                           f"source {self.scripts}/redlock.fish; complete -C $argv[1]", line])
        return [each.split("\t")[0] for each in found]

    def all(self):
        return {"bash": self.bash, "zsh": self.zsh, "fish": self.fish}

    def on_terminal(self, shell):
        with open(os.path.join(self.home, ".zshrc"), "w", encoding="utf-8") as file:
            file.write(f"fpath=({self.scripts} $fpath)\nautoload -Uz compinit\ncompinit -D\nPS1='ready> '\n")
        with open(os.path.join(self.home, "bashrc"), "w", encoding="utf-8") as file:
            file.write(f"source {self.scripts}/redlock.bash\nPS1='ready> '\n")
        start = f"source {self.scripts}/redlock.fish; function fish_prompt; echo 'ready> '; end"
        return Terminal({"bash": ["bash", "--rcfile", os.path.join(self.home, "bashrc"), "-i"],
                         "zsh": ["zsh", "-i"],
                         "fish": ["fish", "--private", "--init-command", start]}[shell], self.environment)


class Terminal:
    """A shell on a terminal of its own, which ends with this object's block."""

    def __init__(self, command, environment):
        program = shutil.which(command[0])
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(environment["HOME"])
            os.execve(program, command, environment)
        self.seen = ""

    def __enter__(self):
        self.wait_for("ready> ")
        return self

    def __exit__(self, *_):
        os.close(self.fd)  # The shell gets a hang-up.
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait_for(self, text):
        end = time.monotonic() + DEADLINE
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                more = os.read(self.fd, 65536).decode(errors="replace") if ready else ""
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                more = ""
            if not more:
                raise AssertionError(f"{text!r} did not come; the terminal shows {self.seen!r}")
            self.seen += more
