"""The server is for this machine alone, and says what it lacks."""

import socket
from pathlib import Path

import pytest
import world
from session import opened, page_text, sound

import needle
from bench.browser import server
from dashboard import serve
from dashboard.session import study


def test_it_is_closed_by_default() -> None:
    command = serve.command("quick", 8501)
    assert "--server.address=127.0.0.1" in command
    assert "--browser.gatherUsageStats=false" in command
    assert [option for option in command if "allowedHosts" in option] == [
        "--server.allowedHosts=127.0.0.1",
        "--server.allowedHosts=localhost",
    ]
    assert command[-2:] == ["--", "quick"], "what follows is the app's, whatever it says"


def test_without_streamlit_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "streamlit" else object())
    assert needle.main(["dashboard"]) == 1
    assert (
        capsys.readouterr().err
        == "The dashboard needs streamlit, which is not installed: pip install 'needle-transfer[dashboard]'\n"
    )


def test_it_answers_this_machine_and_no_strange_name(tmp_path: Path) -> None:
    world.write_study(tmp_path / "results" / "small")
    with server("small", tmp_path) as address:
        port = int(address.rsplit(":", 1)[1])
        own = f"127.0.0.1:{port}"
        assert upgrade(port, own, f"http://{own}").startswith("HTTP/1.1 101")
        assert not upgrade(port, f"evil.example:{port}", f"http://evil.example:{port}").startswith("HTTP/1.1 101")
        assert not upgrade(port, own, "http://evil.example").startswith("HTTP/1.1 101"), "a page of another site"
        with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.2", port), timeout=5):
            pass


def upgrade(port: int, host: str, origin: str) -> str:
    """The first line that the server answers to who wants the app's WebSocket."""
    lines = ["GET /_stcore/stream HTTP/1.1", f"Host: {host}", f"Origin: {origin}", "Connection: Upgrade", "Upgrade: websocket",
             "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return connection.recv(1000).decode(errors="replace").splitlines()[0]


def test_the_study_is_open_before_the_first_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page finds what was opened early, and a study that is none is left to the page."""
    world.write_study(tmp_path / "results" / "small")
    monkeypatch.chdir(tmp_path)
    serve.open_early("small")
    monkeypatch.setattr(study, "connect", None)  # opening once more would fail
    assert "Fine-tune 1 of the 3 models" in page_text(sound(opened("start", "small", budget="1")))
    monkeypatch.undo()
    serve.open_early("there/is/none")
