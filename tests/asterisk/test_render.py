"""Asterisk's configuration: what is rendered, what is kept secret, and that a real Asterisk takes all of it.

The real Asterisk is started on exactly what the hotline would start it on, once for the lab and once for a production
with trunks on IPv6, and its log may hold no warning and no error.
"""

import asyncio
import json
import re
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from trial import Trial, tone

from callcenter import preparation
from callcenter.asterisk import certificate, install, render, secrets
from callcenter.paths import ROOT, Paths
from callcenter.settings import Settings, Trunk
from callcenter.settings.desks import Desk

#: A line that Asterisk may log, and why.
ALLOWED = {
    # A carrier that does not answer here is a finding about the carrier.
    r"No response received from 'sip:\[?(192\.0\.2\.|2001:db8:)": "a trunk of the test that nobody answers",
    r"'Network is unreachable' sending OPTIONS request to endpoint trunk-": "the same, without a way to it",
    r"(Temporary|Fatal) .*registration.*(192\.0\.2\.|2001:db8:)": "the same",
}
TRUNKS = (
    Trunk(name="plain", host="192.0.2.10", match=("192.0.2.0/28", "198.51.100.7")),
    Trunk(
        name="six",
        host="[2001:db8::5]",
        port=5070,
        transport="tcp",
        username="user",
        password="pass=word,1",
        registration=True,
    ),
)
DESKS = (
    Desk(name="english", label="英语专席", agents=("1003",)),
    Desk(name="firms", label="企业专席", seats=("8005",)),
)
Rendered = dict[str, str]


def lab(folder: Path, **more: object) -> Settings:
    return Settings(data=folder / "v", port_offset=7400, **more)


def production(folder: Path, **more: object) -> Settings:
    return Settings(data=folder / "v", port_offset=7400, profile="production", trunks=TRUNKS, **more)


def rendered(settings: Settings, modules: Path = Path("/modules"), **more: object) -> Rendered:
    """Render as the hotline does; return the text of each file."""
    paths = Paths.of(settings)
    paths.make()
    files = render.render(
        paths.etc,
        settings=settings,
        paths=paths,
        secrets=secrets.ensure(paths.secrets, settings),
        modules=modules,
        certificate=(Path("/cert.pem"), Path("/key.pem")),
        fallback=paths.agi / "fallback",
        **more,
    )
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def sections(text: str) -> list[tuple[str, str]]:
    """Return each section's name, with what it inherits, and its lines."""
    found = re.split(r"^\[([^]]+)\](.*)$", text, flags=re.MULTILINE)
    return [(found[at] + found[at + 1], found[at + 2]) for at in range(1, len(found), 3)]


# ---- What is rendered ------------------------------------------------------------------------------------------------


def test_only_the_lab_lets_strangers_on_loopback_call(tmp_path: Path) -> None:
    in_lab, in_production = rendered(lab(tmp_path / "l")), rendered(production(tmp_path / "p"))
    assert "endpoint = lab" in in_lab["pjsip.conf"]
    assert "[from-lab]" in in_lab["extensions-inbound.conf"]
    for text in in_production.values():
        assert not re.search(r"\blab\]|from-lab|endpoint = lab|127\.0\.0\.0/8", text)
    assert "[from-trunk]" not in in_lab["extensions-inbound.conf"]
    assert "[from-trunk]" in in_production["extensions-inbound.conf"]


@pytest.mark.parametrize("profile", [lab, production])
def test_endpoint_without_a_password_is_known_by_address_alone(
    tmp_path: Path, profile: Callable[..., Settings]
) -> None:
    pjsip = sections(rendered(profile(tmp_path))["pjsip.conf"])
    templates = {name.partition("(")[0]: body for name, body in pjsip if "(!" in name}
    assert "identify_by = ip\n" in templates["line"]
    assert "identify_by = username\n" in templates["seat"]
    open_endpoints = 0
    for name, body in pjsip:
        own, _, inherited = name.rstrip(")").partition("(")
        if inherited == "seat-clear":
            assert own.endswith("@clear.invalid")
            assert own.partition("@")[0].rstrip("w") in Settings().seats.numbers
        elif inherited in {"seat-sip", "seat-web"}:
            assert re.search(rf"^auth = {own}-auth$", body, re.MULTILINE), f"{own} has no password"
        elif inherited == "line":
            assert "identify_by" not in body
            open_endpoints += 1
        elif "type = endpoint" in body:
            assert own in templates, f"{own} is an endpoint of no kind that is known here"
    assert open_endpoints == (1 if profile is lab else len(TRUNKS))
    if "seat-clear" in templates:
        assert {"deny = 0.0.0.0/0", "deny = ::/0"} <= set(templates["seat-clear"].splitlines())


def of_section(text: str, start: str) -> list[str]:
    """Return the lines of the one section whose name, with what it inherits, is `start`."""
    (body,) = [body for name, body in sections(text) if name == start]
    return body.splitlines()


def test_seats_must_encrypt_outside_the_lab_and_where_the_settings_say_so(tmp_path: Path) -> None:
    encrypted = {"transport = transport-tls", "media_encryption = sdes", "media_encryption_optimistic = no"}
    for number, (settings, must) in enumerate(
        [
            (lab(tmp_path / "0"), False),
            (production(tmp_path / "1"), True),
            (lab(tmp_path / "2", sip={"seats": "tls"}), True),
            (production(tmp_path / "3", sip={"seats": "any"}), False),
        ]
    ):
        pjsip = rendered(settings)["pjsip.conf"]
        assert (encrypted <= set(of_section(pjsip, "seat-sip(!,seat)"))) is must, number
        assert not encrypted & set(of_section(pjsip, "seat-web(!,seat)")), "browser phones have DTLS"
        for transport in ("udp", "tcp"):
            assert ("domain = clear.invalid" in of_section(pjsip, f"transport-{transport}")) is must
        for seat in settings.seats.numbers:
            assert (f"[{seat}@clear.invalid]" in pjsip) is must
            assert (f"[{seat}w@clear.invalid]" in pjsip) is must
        tls = of_section(pjsip, "transport-tls")
        assert {f"bind = 127.0.0.1:{settings.sips_port}", "cert_file = /cert.pem", "priv_key_file = /key.pem"} <= set(
            tls
        )
        assert not any(line.startswith("domain") for line in tls)


def test_the_profile_offers_the_digests_and_the_settings_change_them(tmp_path: Path) -> None:
    for number, (settings, digests) in enumerate(
        [
            (lab(tmp_path / "0"), "md5,sha-256"),
            (production(tmp_path / "1"), "sha-256,md5"),
            (production(tmp_path / "2", sip={"digests": ["sha-256"]}), "sha-256"),
        ]
    ):
        lines = of_section(rendered(settings)["pjsip.conf"], "global")
        assert f"default_auth_algorithms_uas = {digests}" in lines, number


def test_the_list_of_bans_is_the_controllers_and_survives_a_rendering(tmp_path: Path) -> None:
    settings = lab(tmp_path)
    paths = Paths.of(settings)
    paths.make()
    paths.bans.write_text("deny = 192.0.2.9/32\n")
    files = rendered(settings)
    assert f"#tryinclude {paths.bans}" in files["acl.conf"]
    assert of_section(files["pjsip.conf"], "bans")[1:3] == ["type = acl", "acl = bans"]
    assert paths.bans.read_text() == "deny = 192.0.2.9/32\n"


def test_trunk_with_registration_has_all_that_a_carrier_asks_for(tmp_path: Path) -> None:
    pjsip = rendered(production(tmp_path))["pjsip.conf"]
    for line in (
        "contact = sip:[2001:db8::5]:5070;transport=tcp",
        "match = 2001:db8::5",
        "match = 192.0.2.0/28",
        "match = 198.51.100.7",
        "server_uri = sip:[2001:db8::5]:5070",
        "client_uri = sip:user@[2001:db8::5]",
        "username = user",
        "password = pass=word,1",
        "contact_user = 12345",
    ):
        assert f"\n{line}\n" in pjsip
    assert pjsip.count("type = registration") == 1
    assert "match = 192.0.2.10\n" not in pjsip, "named networks replace the host"


def test_ipv6_address_stands_in_brackets_where_a_port_follows(tmp_path: Path) -> None:
    pjsip = rendered(lab(tmp_path, bind="::1"))["pjsip.conf"]
    assert pjsip.count(f"bind = [::1]:{5060 + 7400}\n") == 2


def test_call_record_holds_nothing_that_a_caller_may_write(tmp_path: Path) -> None:
    (fields,) = re.findall(r"^fields = (.*)$", rendered(lab(tmp_path))["cel_custom.conf"], re.MULTILINE)
    assert not {"name", "num", "ani", "rdnis", "dnid", "exten", "appdata"} & set(fields.split(","))


def test_queue_never_holds_more_than_the_limit_allows(tmp_path: Path) -> None:
    assert "\nmaxlen = 4\n" in rendered(lab(tmp_path / "4"))["queues.conf"]
    assert "\nmaxlen = 2\n" in rendered(lab(tmp_path / "2", queue={"max_waiting": 2}))["queues.conf"]


def test_without_special_desks_there_is_nothing_of_them(tmp_path: Path) -> None:
    for name, text in (rendered(lab(tmp_path / "l")) | rendered(production(tmp_path / "p"))).items():
        for word in ("desk-", "hotline-place", "SHARED(place", "HotlineMoved", "func_lock", "extensions-desks"):
            assert word not in text, (name, word)
    assert "extensions-desks.conf" not in rendered(lab(tmp_path / "l"))
    queue = rendered(lab(tmp_path / "l"))["extensions-queue.conf"]
    assert " same => n,Queue(hotline,c,,,300,,hotline-connected)\n" in queue
    assert "GotoIf($[${QUEUE_WAITING_COUNT(hotline)} >= 4]?hotline-offer,s,1)" in queue
    assert "\nautopause = yes\n" in rendered(lab(tmp_path / "l"))["queues.conf"]


def test_each_special_desk_has_a_queue_like_the_hotlines_that_is_served_first(tmp_path: Path) -> None:
    files = rendered(lab(tmp_path, desks=DESKS))
    queues = dict(sections(files["queues.conf"]))
    assert [name for name in queues if name != "general"] == ["hotline", "desk-english", "desk-firms"]
    bare = [line for line in queues["desk-english"].splitlines() if line and line[0] != ";"]
    assert bare[0] == "weight = 1"
    assert bare[1:] == [line for line in queues["hotline"].splitlines() if line and line[0] != ";"]
    assert "maxlen = 4" in bare
    assert "autopause = all" in bare
    dialplan = "".join(text for name, text in files.items() if name.startswith("extensions"))
    entered = re.findall(r"Queue\((.*?)[,)]", re.sub("^ *;.*$", "", dialplan, flags=re.MULTILINE))
    assert sorted(entered) == ["${queue}", "hotline"]
    assert dialplan.count("Gosub(hotline-place,s,1)") == 2, "nobody enters a queue who has not taken a place"


def test_files_that_no_template_makes_any_more_are_removed(tmp_path: Path) -> None:
    settings = lab(tmp_path)
    before = rendered(settings)
    stale = Paths.of(settings).etc / "iax.conf"
    stale.write_text("[general]\n")
    assert rendered(settings) == before, "a second render changes nothing"
    assert not stale.exists()


# ---- Faults of templates ---------------------------------------------------------------------------------------------


def test_faults_of_all_templates_are_named_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "a.conf.j2").write_text("fine\n{{ settings.profile }}\n{{ settings.colour }}\n")
    (folder / "b.conf.j2").write_text("{% if settings.profile %}\n{{ nobody }}\n{% endif %}\n")
    (folder / "c.conf.j2").write_text("\n\n{% endfor %}\n")
    (folder / "d.conf.j2").write_text("{{ settings.profile + 1 }}\n")
    settings = lab(tmp_path)
    before = rendered(settings)
    with pytest.raises(render.RenderError) as caught:
        rendered(settings, folders=[folder])
    a, b, c, d = caught.value.faults
    assert a.startswith("templates/a.conf.j2:3: ")
    assert "colour" in a
    assert b == "templates/b.conf.j2:2: 'nobody' is undefined"
    assert c.startswith("templates/c.conf.j2:3: ")
    assert d.startswith("templates/d.conf.j2:1: ")
    assert rendered(settings) == before
    assert {path.name for path in Paths.of(settings).etc.iterdir()} == set(before), (
        "a fault leaves the folder as it was"
    )


def test_data_folder_too_deep_for_the_control_socket_is_a_fault(tmp_path: Path) -> None:
    settings = lab(tmp_path / ("d" * 120))
    with pytest.raises(render.RenderError, match="set CALLCENTER_DATA to a shorter path"):
        rendered(settings)
    assert any("shorter path" in fault for fault in preparation.faults(settings, tmp_path)), "and check says so too"


# ---- Secrets ---------------------------------------------------------------------------------------------------------


def test_what_holds_passwords_is_for_the_owner_alone(tmp_path: Path) -> None:
    settings = lab(tmp_path)
    paths = Paths.of(settings)
    rendered(settings)
    (paths.etc / "pjsip.conf").chmod(0o644)
    rendered(settings)
    for folder in (paths.secrets, paths.etc):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_passwords_are_stable_and_a_new_seat_gets_its_own(tmp_path: Path) -> None:
    few, more = lab(tmp_path, seats={"count": 3}), lab(tmp_path, seats={"count": 5})
    folder = Paths.of(few).secrets
    Paths.of(few).make()
    first = secrets.ensure(folder, few)
    assert secrets.ensure(folder, few) == first
    second = secrets.ensure(folder, more)
    assert {seat: second.seats[seat] for seat in first.seats} == first.seats
    assert (second.ami, second.ami_probe) == (first.ami, first.ami_probe)
    assert len(set(second.seats.values()) | {second.ami, second.ami_probe}) == 7, "no two alike"
    assert secrets.ensure(folder, few).seats == second.seats, "a seat taken away keeps its password for its return"
    assert not re.search(f"{second.seats['8005']}", "".join(rendered(few).values()))


@pytest.mark.parametrize(
    "damaged",
    [
        "{",
        "[]",
        '{"seats": []}',
        '{"seats": {"8001": 1}}',
        '{"seats": {"8001": ""}}',
        '{"ami": null}',
        '{"ami": "a;b"}',
        '{"seats": {"8001": "x\\n[evil]"}}',
        '{"seats": {"8001": "号"}}',
        b"\xff",
    ],
)
def test_damaged_secrets_are_refused_by_name_and_left_alone(tmp_path: Path, damaged: str | bytes) -> None:
    settings = lab(tmp_path)
    Paths.of(settings).make()
    file = Paths.of(settings).secrets / "asterisk.json"
    content = damaged if isinstance(damaged, bytes) else damaged.encode()
    file.write_bytes(content)
    with pytest.raises(secrets.SecretsError, match=re.escape(str(file))):
        secrets.ensure(file.parent, settings)
    assert file.read_bytes() == content
    assert any(str(file) in fault for fault in preparation.faults(settings, tmp_path))


# ---- A real Asterisk -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Trial]:
    """Run Asterisk on what the hotline would run it on, but for prompts."""
    program = install.find(ROOT)
    if program is None:
        pytest.skip("Asterisk is not set up")
    paths = Paths.of(settings)
    paths.make()
    made = preparation.Prepared(
        paths, program, secrets.ensure(paths.secrets, settings), certificate.ensure(paths.secrets, ["localhost"])
    )
    preparation.link_program_data(paths, program)
    tone(paths.music / "tone.wav", seconds=1)
    preparation.configure(settings, made)
    conf = paths.etc / "asterisk.conf"
    output = paths.logs / "output.log"
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(*program.argv, "-C", str(conf), "-f"), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    trial = Trial(tuple(program.argv), conf, process, paths.log / "messages.log")
    try:
        async with asyncio.timeout(30):
            while "fully booted" not in await trial.command("core waitfullybooted"):
                assert process.returncode is None, output.read_text()
                await asyncio.sleep(0.05)
        yield trial
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def complaints(trial: Trial) -> list[str]:
    """Return the warnings and errors in Asterisk's log that are not allowed."""
    lines = trial.log.read_text(encoding="utf-8", errors="replace").splitlines()
    wrong = [line for line in lines if re.search(r"\] (WARNING|ERROR)\[", line)]
    return [line for line in wrong if not any(re.search(allowed, line) for allowed in ALLOWED)]


@pytest.mark.asterisk
def test_every_module_named_is_in_the_program(tmp_path: Path) -> None:
    program = install.find(ROOT)
    if program is None:
        pytest.skip("Asterisk is not set up")
    named = re.findall(r"^load = (\S+)$", rendered(lab(tmp_path, desks=DESKS))["modules.conf"], re.MULTILINE)
    assert len(named) > 50
    assert [name for name in named if not (program.modules / name).is_file()] == []
    assert len(set(named)) == len(named), "none is named twice"


@pytest.mark.asterisk
async def test_asterisk_takes_the_lab_without_a_warning(tmp_path: Path) -> None:
    settings = lab(tmp_path)
    async with started(settings) as asterisk:
        named = re.findall(r"^load = (\S+)$", (asterisk.conf.parent / "modules.conf").read_text(), re.MULTILINE)
        loaded = await asterisk.command("module show")
        assert [name for name in named if not re.search(rf"^{re.escape(name)} .*Running", loaded, re.MULTILINE)] == []
        for context in ("hotline-inbound", "hotline-greeting", "hotline-menu", "hotline-served", "hotline-queue"):
            assert f"[ Context '{context}' created by 'pbx_config' ]" in await asterisk.command(
                f"dialplan show {context}"
            )
        shown = await asterisk.command("dialplan show")
        for context in ("hotline-connected", "hotline-after", "from-lab", "from-seat"):
            assert f"[ Context '{context}' " in shown
        assert "(max 4)" in await asterisk.command("queue show hotline")
        endpoints = await asterisk.command("pjsip show endpoints")
        assert endpoints.count("Endpoint:  80") == 20
        assert json.loads((Paths.of(settings).secrets / "asterisk.json").read_text())["seats"].keys() == set(
            settings.seats.numbers
        )
    assert complaints(asterisk) == []


@pytest.mark.asterisk
async def test_asterisk_takes_special_desks_without_a_warning(tmp_path: Path) -> None:
    async with started(lab(tmp_path, desks=DESKS)) as asterisk:
        shown = await asterisk.command("dialplan show")
        for context in ("hotline-place", "hotline-moved"):
            assert f"[ Context '{context}' " in shown
        for queue in ("hotline", "desk-english", "desk-firms"):
            assert "(max 4)" in await asterisk.command(f"queue show {queue}")
    assert complaints(asterisk) == []


@pytest.mark.asterisk
async def test_asterisk_takes_production_on_ipv6_without_a_warning(tmp_path: Path) -> None:
    settings = production(tmp_path, bind="::1")
    async with started(settings) as asterisk:
        shown = await asterisk.command("pjsip show identifies")
        assert all(match in shown for match in ("192.0.2.0/28", "198.51.100.7/32", "2001:db8::5/128")), shown
        transports = await asterisk.command("pjsip show transports")
        assert transports.count(f"[::1]:{settings.sip_port}") == 2, transports
        assert transports.count(f"[::1]:{settings.sips_port}") == 1, transports
        assert "trunk-six" in await asterisk.command("pjsip show registrations")
        assert "[ Context 'from-trunk' " in await asterisk.command("dialplan show from-trunk")
        assert "There is no existence of 'from-lab'" in await asterisk.command("dialplan show from-lab")
        assert "[::1]" in await asterisk.command("http show status")
    assert complaints(asterisk) == []


@pytest.mark.asterisk
async def test_the_test_sees_a_warning(tmp_path: Path) -> None:
    async with started(lab(tmp_path)) as asterisk:
        queues = asterisk.conf.parent / "queues.conf"
        queues.write_text(queues.read_text() + "colour = red\n")
        await asterisk.command("module reload app_queue.so")
        async with asyncio.timeout(20):  # its log is written by a thread of its own
            while not complaints(asterisk):
                await asyncio.sleep(0.05)
    (complaint,) = complaints(asterisk)
    assert "colour" in complaint
