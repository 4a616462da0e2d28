"""Files that may go with a request: what they are is found in them, and what hides in them as well."""

import zipfile
from io import BytesIO

import files
import filetype
import pytest
from files import GIF, GOOD, JPEG, PDF, PNG, TXT, WEBP, office

from callcenter.tickets.rules import attachments as rules
from callcenter.tickets.rules.unfit import Unfit

MACRO_TYPE = b'<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
TEMPLATE = b'<Relationship Type="x/attachedTemplate" Target="http://a.example" TargetMode="External"/>'


def examined(name: str, content: bytes) -> str:
    guess = filetype.guess(content[:8192])
    return rules.examine(rules.clean_name(name), BytesIO(content), len(content), guess.mime if guess else None)


def refused(name: str, content: bytes) -> str:
    with pytest.raises(Unfit) as error:
        examined(name, content)
    return error.value.message


@pytest.mark.parametrize("name", GOOD)
def test_every_type_that_may_be_sent_is_known_by_its_content(name: str) -> None:
    assert examined(name, GOOD[name]) == rules.TYPES[name.rpartition(".")[2]]


@pytest.mark.parametrize("name", GOOD)
def test_no_content_passes_under_an_ending_of_another_type(name: str) -> None:
    for other in GOOD:
        if rules.type_of_name(other) != rules.type_of_name(name):
            assert refused(other, GOOD[name])


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"a.txt", "a.mp3", "a.jpg", "a.jpeg"}))
def test_a_file_that_was_cut_or_goes_on_behind_its_end_is_refused(name: str) -> None:
    assert refused(name, GOOD[name][:-7])
    assert refused(name, GOOD[name] + b"and something more")


def test_a_photograph_with_a_trailer_of_the_telephone_is_taken() -> None:
    assert examined("a.jpg", JPEG + files.TRAILER) == "image/jpeg"
    assert examined("a.txt", "噪音".encode("gb18030")) == "text/plain"
    assert examined("a.txt", "噪音".encode("utf-16")) == "text/plain"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gif", b"GIF89a<html><script>alert(1)</script></html>"),
        ("a.gif", GIF[:-1] + b"!\xfe\x08<script>\x00;"),  # a comment that is a page
        ("a.gif", GIF + b"<script>alert(1)</script>"),
        ("a.jpg", JPEG + b"<HTML><body onload=x>"),
        ("a.png", PNG + b"<script>"),
        ("a.webp", WEBP + b"<!doctype html>"),
        ("a.pdf", PDF + office()),  # a document that is an archive
        ("a.pdf", PDF[:20] + b"PK\x05\x06" + bytes(16) + len(PDF[20:]).to_bytes(2, "little") + PDF[20:]),
        ("a.jpg", JPEG + office()),
        ("a.docx", PDF + office()),
        ("a.docx", office() + PDF),
        ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>")),
        ("a.txt", b"MZ\x90\x00\x03"),
        ("a.txt", TXT + b"\0"),
        ("a.txt", b"\x1b]0;title\x07"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),  # the older format, or one with a password
        ("a.png", b""),
        ("a.docx", b"PK\x03\x04"),
        ("a.docx", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_what_is_two_things_at_once_or_none_is_refused(name: str, content: bytes) -> None:
    assert refused(name, content)


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"word/vbaProject.bin": b"x"}, "macros"),
        ({"word/activeX/activeX1.xml": b"x"}, "macros"),
        ({"word/embeddings/oleObject1.bin": b"x"}, "macros"),
        ({"[Content_Types].xml": MACRO_TYPE}, "macros"),
        ({"word/media/image1.png": office()}, "another file"),  # an archive under the name of a picture
        ({"word/embeddings/more.xlsx": b"x"}, "another file"),
        ({"inner.zip": b"x"}, "another file"),
        ({"word/media/image1.png": b"MZ\x90"}, "another file"),
        ({"../../etc/cron.d/evil": b"x"}, "damaged"),
        ({"/etc/passwd": b"x"}, "damaged"),
        ({"..\\evil": b"x"}, "damaged"),
        ({"C:evil": b"x"}, "damaged"),
        ({"a\x01b": b"x"}, "damaged"),
        ({"word/_rels/settings.xml.rels": TEMPLATE}, "elsewhere"),
    ],
)  # fmt: skip
def test_a_document_that_runs_hides_or_fetches_something_is_refused(parts: dict[str, bytes], word: str) -> None:
    assert word in refused("a.docx", office(more=parts))


def test_a_document_with_links_to_pages_is_taken() -> None:
    link = b'<Relationship Type="x/hyperlink" Target="https://example.org" TargetMode="External"/>'
    assert examined("a.docx", office(more={"word/_rels/document.xml.rels": link}))
    assert examined("a.xlsx", office(files.SHEET, {"xl/printerSettings/printerSettings1.bin": b"x"}))


def test_a_table_is_no_document_and_a_mere_archive_is_neither() -> None:
    assert refused("a.docx", office(files.SHEET))
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.txt", b"x")
    assert refused("a.docx", made.getvalue())


def test_a_document_with_a_password_is_refused_and_says_so() -> None:
    content = bytearray(office())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        content[at + place] |= 1
    assert "password" in refused("a.docx", bytes(content))


def test_ten_gigabytes_of_zeros_are_refused_whatever_the_list_says_of_them() -> None:
    packed, length = files.zeros(10)
    assert len(packed) < rules.LARGEST
    assert "too large" in refused("a.docx", files.bomb(packed, length))
    assert "too large" in refused("a.docx", files.bomb(packed, 100_000_000))
    assert "too large" in refused("a.docx", files.bomb(packed, 1000)), "a list that lies"


def test_parts_that_share_their_bytes_are_refused() -> None:
    content = bytearray(office(more={"word/b.xml": b"x" * 50, "word/c.xml": b"x" * 50}))
    entries = [at for at in range(len(content)) if content[at : at + 4] == b"PK\x01\x02"]
    content[entries[-1] + 42 : entries[-1] + 46] = content[entries[-2] + 42 : entries[-2] + 46]
    assert "damaged" in refused("a.docx", bytes(content))


def test_a_document_of_very_many_parts_is_refused_before_they_are_read() -> None:
    parts = {f"word/{number}.xml": b"" for number in range(2001)}
    assert "too large" in refused("a.docx", office(more=parts))


def test_something_between_the_parts_is_refused() -> None:
    whole = office()
    at = whole.index(b"PK\x01\x02")
    end = bytearray(whole[at:])
    end[-6:-2] = (at + 100).to_bytes(4, "little")
    assert "damaged" in refused("a.docx", whole[:at] + b"x" * 100 + bytes(end))


def test_a_file_above_the_limit_is_refused() -> None:
    assert "20 MB" in refused("a.txt", b"a" * (rules.LARGEST + 1))
    assert examined("a.txt", b"a" * rules.LARGEST)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/现场.PDF", "现场.pdf"),
        ("C:\\temp\\a.pdf", "a.pdf"),
        (".a.pdf", "a.pdf"),
        ("a.pdf.", "a.pdf"),
        ("a\u202ebc.png", "abc.png"),
        ("a\u200b b\t.png", "a b.png"),
        ("a\0b\r\nc.png", "abc.png"),
        ('a"<b>|?*:.png', "a__b_____.png"),
        ("x" * 300 + ".docx", "x" * 195 + ".docx"),
        ("照" * 300 + ".jpeg", "照" * 195 + ".jpeg"),
        ("a.exe.pdf", "a.exe.pdf"),
        ("e\u0301.txt", "\xe9.txt"),
    ],
)
def test_a_name_is_kept_without_what_could_mislead_or_lead_away(given: str, kept: str) -> None:
    assert rules.clean_name(given) == kept
    assert len(rules.clean_name(given)) <= rules.LONGEST_NAME


@pytest.mark.parametrize(
    "given",
    ["", ".pdf", "...pdf", "pdf", "a", "a.", "a.exe", "a.html", "a.svg", "a.zip", "a.docm", "a.doc", "a.js", "../..",
     "a.pdf/", "report\u202efdp.exe", "a.php", "\0.png"],
)  # fmt: skip
def test_other_endings_and_no_names_are_refused(given: str) -> None:
    with pytest.raises(Unfit):
        rules.clean_name(given)
