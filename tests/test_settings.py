"""Settings: environment over file over defaults; every fault at once, each on a line that says where it stands."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.settings import Settings, SettingsError, load

Faults = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but the test's own."""
    for name in [name for name in os.environ if name.upper().startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Load with a settings file and variables that are wrong, and return what is said about them, sorted."""

    def find(toml: str = "", **variables: str) -> list[str]:
        if toml:
            Path("callcenter.toml").write_text(toml, encoding="utf-8")
        for name, value in variables.items():
            monkeypatch.setenv("CALLCENTER_" + name, value)
        with pytest.raises(SettingsError) as caught:
            load()
        assert str(caught.value).splitlines() == caught.value.faults, "one line each"
        return sorted(caught.value.faults)

    return find


def test_defaults_are_a_lab_on_loopback() -> None:
    settings = load()
    assert (settings.profile, settings.bind, settings.hotline_number) == ("lab", "127.0.0.1", "12345")
    assert (settings.sip_port, settings.panel_port, settings.ami_port) == (5060, 8080, 5038)
    assert (settings.fastagi_port, settings.http_port, settings.rtp_ports) == (4573, 8088, (10_000, 11_999))
    assert settings.queue.max_waiting == 4
    assert settings.seats.numbers == tuple(str(number) for number in range(8001, 8011))
    assert settings.data_folder == Path.cwd() / "var"


def test_environment_wins_over_the_file_and_the_file_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("callcenter.toml").write_text(
        'bind = "127.0.0.2"\nnode = "north"\n[queue]\nring_seconds = 20\nwrap_up_seconds = 30\n'
    )
    monkeypatch.setenv("CALLCENTER_BIND", "127.0.0.3")
    monkeypatch.setenv("CALLCENTER_QUEUE__WRAP_UP_SECONDS", "40")
    settings = load()
    assert (settings.bind, settings.node) == ("127.0.0.3", "north")
    assert (settings.queue.ring_seconds, settings.queue.wrap_up_seconds, settings.queue.max_wait_seconds) == (
        (20, 40, 300)
    )
    assert load(node="south").node == "south"


def test_named_file_replaces_the_one_in_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("callcenter.toml").write_text('node = "here"\n')
    named = tmp_path / "named.toml"
    named.write_text('node = "named"\n')
    monkeypatch.setenv("CALLCENTER_CONFIG", str(named))
    assert load().node == "named"


def test_lists_are_json_in_a_variable_and_tables_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("callcenter.toml").write_text('[[trunks]]\nname = "one"\nhost = "192.0.2.1"\n')
    assert [trunk.name for trunk in load().trunks] == ["one"]
    monkeypatch.setenv("CALLCENTER_TRUNKS", '[{"name": "two", "host": "2001:db8::1", "match": ["2001:db8::/64"]}]')
    assert [trunk.name for trunk in load().trunks] == ["two"]


def test_port_offset_moves_every_port() -> None:
    near, far = Settings(), Settings(port_offset=50_000)
    for name in ("sip_port", "panel_port", "ami_port", "fastagi_port", "http_port", "https_port", "https_panel_port"):
        assert getattr(far, name) == getattr(near, name) + 50_000
    assert far.rtp_ports[1] <= 65_535


def test_every_fault_is_told_at_once_with_its_place_key_and_reason(faults: Faults) -> None:
    found = faults(
        'profile = "prod"\ncolour = "red"\n[queue]\nmax_waiting = 5\nwrap_up = 3\n[menu]\nsilence_seconds = 9\n',
        BIND="localhost",
        QUEUE__RING_SECONDS="soon",
        QUEUE__RINGING="1",
        COLOUR="red",
        SEATS__COUNT="0",
    )
    expected = [
        "callcenter.toml: colour: unknown setting",
        "callcenter.toml: menu.silence_seconds: Input should be less than or equal to 3",
        "callcenter.toml: profile: Input should be 'lab' or 'production'",
        "callcenter.toml: queue.max_waiting: Input should be less than 5",
        "callcenter.toml: queue.wrap_up: unknown setting",
        "environment CALLCENTER_BIND: bind: 'localhost' does not appear to be an IPv4 or IPv6 address",
        "environment CALLCENTER_COLOUR: unknown setting",
        "environment CALLCENTER_QUEUE__RINGING: queue.ringing: unknown setting",
        "environment CALLCENTER_QUEUE__RING_SECONDS: queue.ring_seconds: Input should be a valid integer, unable to",
        "environment CALLCENTER_SEATS__COUNT: seats.count: Input should be greater than or equal to 1",
    ]
    assert len(found) == len(expected), found
    for line, beginning in zip(found, expected, strict=True):
        assert line.startswith(beginning)


def test_whole_table_in_a_variable_is_to_blame_for_what_it_says_only(faults: Faults) -> None:
    assert faults("[queue]\nmax_waiting = 9\n", QUEUE='{"ring_seconds": 1}') == [
        "callcenter.toml: queue.max_waiting: Input should be less than 5",
        "environment CALLCENTER_QUEUE: queue.ring_seconds: Input should be greater than or equal to 3",
    ]


def test_variable_that_is_no_json_hides_no_other_fault(faults: Faults) -> None:
    bind, trunks = faults(TRUNKS="[{", BIND="here")
    assert bind.startswith("environment CALLCENTER_BIND: bind: ")
    assert trunks.startswith("environment CALLCENTER_TRUNKS: trunks: not JSON: ")


def test_production_needs_a_trunk_and_says_so_among_other_faults(faults: Faults) -> None:
    assert [line.partition(": ")[2] for line in faults('profile = "production"\nnode = "NORTH"\n')] == [
        "node: String should match pattern '^[a-z0-9-]{1,30}$'",
        "trunks: the production profile needs at least one [[trunks]]",
    ]


@pytest.mark.parametrize(
    ("trunk", "fault"),
    [
        ('name = "a"\nhost = "h"\nregistration = true', "trunks.0.registration: needs username and password"),
        ('name = "a"\nhost = "h"\nmatch = ["192.0.2.0/33"]', "trunks.0.match.0: '192.0.2.0/33' does not appear"),
        ('name = "A b"\nhost = "h"', "trunks.0.name: "),
        ('name = "a"\nhost = "h"\n[[trunks]]\nname = "a"\nhost = "g"', "trunks: trunk a is named twice"),
        ('name = "a"\nhost = "h"\npasword = "x"', "trunks.0.pasword: unknown setting"),
    ],
)
def test_faults_of_a_trunk(faults: Faults, trunk: str, fault: str) -> None:
    (line,) = faults(f"[[trunks]]\n{trunk}\n")
    assert line.startswith("callcenter.toml: " + fault)


def test_faults_of_the_menu(faults: Faults) -> None:
    options = 'options = [{key="1", action="announce"}, {key="#", action="person"}, {key="2", action="sing"}]'
    assert [line.split(": ")[1] for line in faults(f"[menu]\n{options}\n")] == [
        "menu.options.0.text",
        "menu.options.1.key",
        "menu.options.2.action",
    ]


@pytest.mark.parametrize(
    "text",
    ["a;b", "${SHELL(id)}", "a\nb", 'a"b', "a]b", "a\\b", "a\0b", " a", "a ", "$[1/0]", "a\x7fb"],
)
def test_text_that_asterisk_would_read_as_more_than_text_is_refused(text: str) -> None:
    trunk = {"name": "a", "host": "h", "username": "u", "password": "p"}
    for key in ("name", "host", "username", "password", "caller_id"):
        with pytest.raises(SettingsError) as caught:
            load(trunks=[trunk | {key: text}])
        (line,) = caught.value.faults
        assert f"trunks.0.{key}: " in line
        assert line.isprintable()


@pytest.mark.parametrize("text", ["fe80::1%;x", "fe80::1%\n[evil]", "0.0.0.0\n", "::1]"])
def test_address_with_a_tail_is_refused(text: str) -> None:
    for settings in ({"bind": text}, {"trunks": [{"name": "a", "host": "h", "match": [text]}]}):
        with pytest.raises(SettingsError):
            load(**settings)


@pytest.mark.parametrize("name", ["a;b", "a,b", "${x}", "a\nb", 'a"b', "a[b", "a|b", "\udcff"])
def test_data_folder_that_the_dialplan_would_read_as_more_than_a_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"settings: data: the path .* may not contain") as caught:
        load(data=tmp_path / name)
    assert caught.value.faults[0].isprintable()
    assert load(data=tmp_path / "号码 (2)").data_folder == tmp_path / "号码 (2)"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port_offset", 50_001),
        ("port_offset", -1),
        ("node", "Node 1"),
        ("hotline_number", "12345;"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "Asia"),
        ("database_url", "mysql://x"),
        ("database_url", "sqlite://"),
        ("database_url", "sqlite:///:memory:"),
    ],
)
def test_value_that_cannot_work_is_refused(key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"settings: {key}: "):
        load(**{key: value})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"queue = ", "callcenter.toml: Invalid value"),
        (b"[queue\n", "callcenter.toml: Expected ']'"),
        (b'node = "\xff"', "callcenter.toml: not UTF-8: "),
        (b"node = 1\nnode = 2", "callcenter.toml: Cannot overwrite a value"),
    ],
)
def test_file_that_cannot_be_read_is_named_with_the_reason(faults: Faults, content: bytes, reason: str) -> None:
    Path("callcenter.toml").write_bytes(content)
    stray, line = sorted(faults(STRAY="1"), reverse=True)
    assert line.startswith(reason)
    assert stray == "environment CALLCENTER_STRAY: unknown setting"


def test_named_file_that_is_missing_or_a_folder_is_a_fault(faults: Faults, tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert faults(CONFIG=str(missing)) == [f"{missing}: no such file or directory (CALLCENTER_CONFIG names it)"]
    assert faults(CONFIG=str(tmp_path)) == [f"{tmp_path}: is a directory (CALLCENTER_CONFIG names it)"]


def test_hostile_key_cannot_write_a_line_of_its_own(faults: Faults) -> None:
    assert faults('"a\\nok: fine\\u001b[2J" = 1\n') == [
        "callcenter.toml: a\\nok: fine\\x1b[2J: unknown setting",
    ]


def test_a_certificate_and_its_key_go_together(faults: Faults) -> None:
    for half in ("certificate", "key"):
        (fault,) = faults(f'[https]\n{half} = "/etc/ssl/hotline.pem"\n')
        assert "give both, or neither" in fault


def test_special_desks_are_named_once_and_somebody_sits_there(faults: Faults) -> None:
    Path("callcenter.toml").write_text(
        '[[desks]]\nname = "english"\nlabel = "英语专席"\nagents = ["1003"]\n'
        '[[desks]]\nname = "firms"\nlabel = "企业专席"\nseats = ["8005", "8006"]\n',
        encoding="utf-8",
    )
    assert [(desk.name, desk.queue, desk.label) for desk in load().desks] == [
        ("english", "desk-english", "英语专席"),
        ("firms", "desk-firms", "企业专席"),
    ]
    wrong = {
        '[{"name": "english", "label": "a"}]': "agents or seats",
        '[{"name": "english", "label": "a", "seats": ["9999"]}]': "there is no seat 9999",
        '[{"name": "a", "label": "x", "agents": ["1"]}, {"name": "a", "label": "y", "agents": ["1"]}]': "a is named",
        '[{"name": "a", "label": "x", "agents": ["1"]}, {"name": "b", "label": "x", "agents": ["1"]}]': "x is named",
        '[{"name": "e]\\n[general", "label": "a", "agents": ["1"]}]': "desks",
        '[{"name": "english", "label": "a", "agents": ["1,2"]}]': "desks",
    }
    for value, why in wrong.items():
        assert why in "\n".join(faults(DESKS=value)), value
