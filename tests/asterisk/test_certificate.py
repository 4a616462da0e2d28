"""The certificate for browser softphones: made once, private, and made anew when it no longer serves."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from callcenter.asterisk.certificate import LIFE, RENEW_BEFORE, CertificateError, context_of, ensure, of_settings
from callcenter.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["localhost", "127.0.0.1", "::1", "0.0.0.0", "hotline-1"]


def names_in(certificate: Path) -> set[str]:
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return {str(name.value) for name in found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value}


def test_a_server_can_load_it_and_it_stands_for_every_name(tmp_path: Path) -> None:
    certificate, key = ensure(tmp_path / "secrets", NAMES)

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    # Where it listens on every address, that is no name of its own.
    assert names_in(certificate) == {"localhost", "127.0.0.1", "::1", "hotline-1"}
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_it_is_made_once(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in ensure(tmp_path, NAMES, NOW)]

    assert [path.read_bytes() for path in ensure(tmp_path, NAMES, NOW + LIFE - RENEW_BEFORE * 2)] == first
    # Fewer names are no reason: phones have been told to trust this one.
    assert [path.read_bytes() for path in ensure(tmp_path, NAMES[:1], NOW)] == first


@pytest.mark.parametrize("later", [LIFE - RENEW_BEFORE + timedelta(hours=1), LIFE * 2, -timedelta(days=2)])
def test_it_is_made_anew_when_little_is_left_or_the_clock_was_wrong(tmp_path: Path, later: timedelta) -> None:
    certificate, _ = ensure(tmp_path, NAMES, NOW)
    first = certificate.read_bytes()

    ensure(tmp_path, NAMES, NOW + later)
    assert certificate.read_bytes() != first


@pytest.mark.parametrize("damaged", ["certificate.pem", "certificate.key"])
@pytest.mark.parametrize("content", [b"", b"\xff\x00 no PEM", None, "another's"])
def test_what_does_not_hold_together_is_made_anew(tmp_path: Path, damaged: str, content: bytes | str | None) -> None:
    ensure(tmp_path / "a", NAMES, NOW)
    if content is None:
        (tmp_path / "a" / damaged).unlink()
    elif isinstance(content, str):
        ensure(tmp_path / "b", NAMES, NOW)
        (tmp_path / "a" / damaged).write_bytes((tmp_path / "b" / damaged).read_bytes())
    else:
        (tmp_path / "a" / damaged).write_bytes(content)

    certificate, key = ensure(tmp_path / "a", NAMES, NOW)

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)


def test_a_new_address_needs_a_new_certificate(tmp_path: Path) -> None:
    ensure(tmp_path, NAMES, NOW)
    certificate, _ = ensure(tmp_path, [*NAMES, "192.0.2.7"], NOW)
    assert "192.0.2.7" in names_in(certificate)


def test_names_that_no_certificate_can_hold_are_left_out(tmp_path: Path) -> None:
    certificate, _ = ensure(tmp_path, ["市民热线", "", "h" * 63 + ".example.test", "0.0.0.0"], NOW)
    assert names_in(certificate) == {"h" * 63 + ".example.test"}


def test_a_given_certificate_is_used_and_a_bad_one_is_named_with_its_mend(tmp_path: Path) -> None:
    given, other = ensure(tmp_path / "given", NAMES), ensure(tmp_path / "other", NAMES)
    own = of_settings(Settings(data=tmp_path), tmp_path / "own")
    assert own[0].parent == tmp_path / "own", "self-made where none is given"
    context_of(own)
    wanted = Settings(data=tmp_path, https={"certificate": given[0], "key": given[1]})
    assert of_settings(wanted, tmp_path / "own") == given
    wrong = Settings(data=tmp_path, https={"certificate": given[0], "key": other[1]})
    with pytest.raises(CertificateError, match=r"certificate.pem and .*certificate.key: .*its own key"):
        of_settings(wrong, tmp_path)
    missing = Settings(data=tmp_path, https={"certificate": given[0], "key": tmp_path / "none.key"})
    with pytest.raises(CertificateError, match=r"none.key: cannot be read; set https.certificate"):
        of_settings(missing, tmp_path)
