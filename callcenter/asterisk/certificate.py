"""The certificate of the panel over HTTPS and of browser phones over secure WebSocket (WSS): given, or self-signed."""

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from callcenter.settings import Settings

#: How long a new certificate holds.
LIFE = timedelta(days=3650)
#: It is made anew when less than this is left.
RENEW_BEFORE = timedelta(days=30)
#: Clocks of other machines may be a little behind.
_BACKDATED = timedelta(hours=1)
_LONGEST_COMMON_NAME = 64


class CertificateError(Exception):
    """The certificate that the settings name cannot be used; says which, why, and the mend."""


def of_settings(settings: Settings, folder: Path) -> tuple[Path, Path]:
    """Return the paths of certificate and key: those that the settings name, else a pair of our own in `folder`.

    Raises CertificateError when a given pair cannot be used, OSError when our own cannot be written.
    """
    given = settings.https
    if given.certificate is None or given.key is None:
        return ensure(folder, ["localhost", "127.0.0.1", settings.bind, socket.gethostname()])
    pair = given.certificate.expanduser().resolve(), given.key.expanduser().resolve()
    context_of(pair)
    if (over := ends(pair[0])) <= datetime.now(UTC):
        raise CertificateError(f"{pair[0]}: its time was over on {over:%Y-%m-%d}; renew it, and start again")
    return pair


def ends(certificate: Path) -> datetime:
    """Return when the time of the first certificate in a file is over. Raises OSError and ValueError."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def context_of(pair: tuple[Path, Path]) -> ssl.SSLContext:
    """Return what an HTTPS server needs of certificate and key; raises CertificateError."""
    certificate, key = pair
    for path in pair:
        if not os.access(path, os.R_OK):
            raise CertificateError(f"{path}: cannot be read; set https.certificate and https.key to readable files")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # An encrypted key would ask for its password on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise CertificateError(
            f"{certificate} and {key}: {error}; https needs a certificate and its own key, in PEM, without a password"
        ) from error
    return context


def ensure(folder: Path, names: Iterable[str], now: datetime | None = None) -> tuple[Path, Path]:
    """Return the paths of certificate and key (PEM) in `folder`, made if missing, damaged, foreign or nearly over.

    `names`: host names and addresses that it must stand for. `now`: aware UTC, the present when left out.
    """
    now = now or datetime.now(UTC)
    wanted = _subjects(names)
    certificate, key = folder / "certificate.pem", folder / "certificate.key"
    if not _holds(certificate, key, wanted, now):
        folder.mkdir(parents=True, exist_ok=True)
        _make(certificate, key, wanted, now)
    key.chmod(0o600)
    return certificate, key


def _subjects(names: Iterable[str]) -> list[x509.GeneralName]:
    """Return the names without repeats; what is neither address nor ASCII host name is left out."""
    subjects: dict[x509.GeneralName, None] = {}
    for name in names:
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            if name and name.isascii():
                subjects[x509.DNSName(name)] = None
        else:
            # 0.0.0.0 is where we listen, not who we are.
            if not address.is_unspecified:
                subjects[x509.IPAddress(address)] = None
    return list(subjects) or [x509.DNSName("localhost")]


def _holds(certificate: Path, key: Path, wanted: list[x509.GeneralName], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        stated = list(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    ours = private.public_key() == found.public_key()
    return (
        ours
        and set(wanted) <= set(stated)
        and found.not_valid_before_utc <= now < found.not_valid_after_utc - RENEW_BEFORE
    )


def _make(certificate: Path, key: Path, subjects: list[x509.GeneralName], now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    title = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(subjects[0].value)[:_LONGEST_COMMON_NAME])])
    made = (
        x509.CertificateBuilder()
        .subject_name(title)
        .issuer_name(title)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(subjects), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # The key first: a crash between the two leaves a pair that does not match, and that is made again.
    _write(key, secret, 0o600)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    temporary.replace(path)
