from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from codeassist.configuration import LoadedSettings, ProjectConfigError, load_settings, parse_assignments
from codeassist.errors import ConfigError
from codeassist.fim import TEMPLATES
from codeassist.settings import Settings


def load(
    tmp_path: Path,
    *,
    user: str = "",
    project: str = "",
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> LoadedSettings:
    workspace = tmp_path / "repo"
    workspace.mkdir(exist_ok=True)
    if user:
        (tmp_path / "config" / "codeassist").mkdir(parents=True, exist_ok=True)
        (tmp_path / "config" / "codeassist" / "config.toml").write_text(user)
    if project:
        (workspace / "codeassist.toml").write_text(project)
    variables = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path), **(environ or {})}
    return load_settings(workspace, overrides=overrides or {}, environ=variables)


def refused(tmp_path: Path, *told: str, **layers: object) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **layers)  # type: ignore[arg-type]
    for part in told:
        assert part in str(caught.value)


def test_without_any_source_everything_is_default(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.warnings == ()


def test_each_layer_wins_over_the_one_below(tmp_path: Path) -> None:
    user = "[completion]\nmax_tokens = 10\nmax_lines = 9\nretrieve_deadline_ms = 11\nprompt_tokens = 500\n"
    loaded = load(
        tmp_path,
        user=user,
        project="[completion]\nmax_lines = 5",
        environ={"CODEASSIST_COMPLETION_RETRIEVE_DEADLINE_MS": "22", "CODEASSIST_COMPLETION_PROMPT_TOKENS": "600"},
        overrides={"completion": {"prompt_tokens": 700}},
    )
    completion = loaded.settings.completion
    assert (completion.max_tokens, completion.max_lines, completion.retrieve_deadline_ms) == (10, 5, 22)
    assert completion.prompt_tokens == 700
    assert loaded.origins["completion.max_tokens"].startswith("user file ")
    assert loaded.origins["completion.max_lines"].startswith("project file ")
    assert loaded.origins["completion.retrieve_deadline_ms"].startswith("environment CODEASSIST_")
    assert loaded.origins["completion.prompt_tokens"] == "command line"


def test_overrides_may_be_dotted_and_nested_at_once(tmp_path: Path) -> None:
    loaded = load(tmp_path, overrides={"engine.threads": 2, "index": {"vectors": False}})
    assert loaded.settings.engine.threads == 2
    assert loaded.settings.index.vectors is False


def test_a_project_may_be_configured_in_its_hidden_folder(tmp_path: Path) -> None:
    folder = tmp_path / "repo" / ".codeassist"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[index]\nexclude = ['vendor/']")
    assert load(tmp_path).settings.index.exclude == ("vendor/",)


def test_a_project_can_not_redirect_the_users_code(tmp_path: Path) -> None:
    project = "[engine]\nurl = 'http://evil.example/v1'\nkind = 'remote'\napi_key = 'x'\n[completion]\nmax_lines = 3"
    loaded = load(tmp_path, project=project)
    assert loaded.settings.engine == Settings().engine
    assert loaded.settings.completion.max_lines == 3
    assert len(loaded.warnings) == 3
    assert "engine.url is not applied: it decides where your code is sent" in loaded.warnings[0]


def test_a_project_can_not_point_at_libraries_elsewhere(tmp_path: Path) -> None:
    loaded = load(tmp_path, project="[index]\nenvironment = '/home/other/.venv'\ndependencies = false")
    assert loaded.settings.index.environment == ""
    assert loaded.settings.index.dependencies is False
    assert "index.environment is not applied" in loaded.warnings[0]
    widened = load(tmp_path, user="[index]\ndependencies = false", project="[index]\ndependencies = true")
    assert widened.settings.index.dependencies is False


def test_a_project_narrows_and_never_widens(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        user="[index]\nexclude = ['private/']\nmax_file_kb = 100\n[completion]\nenabled = false",
        project="[index]\nexclude = ['vendor/']\nmax_file_kb = 900\n[completion]\nenabled = true",
    )
    assert loaded.settings.index.exclude == ("private/", "vendor/")
    assert loaded.settings.index.max_file_kb == 100
    assert loaded.settings.completion.enabled is False
    assert loaded.origins["index.max_file_kb"].startswith("user file ")
    assert any("index.max_file_kb may only be lowered" in warning for warning in loaded.warnings)


def test_a_second_project_file_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "repo" / ".codeassist"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[index]\nvectors = false")
    loaded = load(tmp_path, project="[completion]\nmax_lines = 4")
    assert loaded.settings.index.vectors is True
    assert "not read" in loaded.warnings[0]


def test_unknown_keys_name_the_file_the_key_and_the_nearest(tmp_path: Path) -> None:
    refused(tmp_path, "config.toml", "`engine.modle`", "did you mean `engine.model`", user="[engine]\nmodle = 'x'")
    refused(tmp_path, "config.toml", "`engin.model`", "`engine.model`", user="[engin]\nmodel = 'x'")


def test_a_bare_name_is_led_to_its_section(tmp_path: Path) -> None:
    refused(tmp_path, "`threads`", "`engine.threads`", overrides={"threads": 2})


def test_a_name_unlike_any_other_points_at_the_list(tmp_path: Path) -> None:
    refused(tmp_path, "`qqqqqq`", "codeassist config", overrides={"qqqqqq": 2})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("engine.threads", "2", "a whole number"),
        ("engine.threads", True, "a whole number"),
        ("engine.threads", 2.5, "a whole number"),
        ("engine.threads", -1, "from 0 to 1024"),
        ("index.vectors", 1, "true or false"),
        ("index.exclude", "vendor", "a list of texts"),
        ("index.exclude", [1], "a list of texts"),
        ("engine.model", 7, "a text"),
        ("engine.model", "a\0b", "NUL"),
        ("engine.kind", "cuda", "auto, embedded, remote, scripted"),
        ("engine.template", "deepsek", '"", deepseek, qwen2.5-coder, starcoder2'),
        ("engine.url", "localhost:8000", "http://127.0.0.1:8000/v1"),
        ("engine.url", "http://[::1", "http://127.0.0.1:8000/v1"),
        ("engine.kv_cache_gib", float("nan"), "a number"),
        ("completion.context_share", 1.5, "from 0 to 1"),
        ("completion.min_confidence", -0.5, "-1 for the model's own gate"),
        ("server.port", 0, "from 1 to 65535"),
        ("server.port", 65536, "from 1 to 65535"),
        ("log.level", "loud", "debug, info, warning, error"),
    ],
)
def test_a_wrong_value_names_the_setting_and_what_it_must_be(
    tmp_path: Path, name: str, value: object, told: str
) -> None:
    refused(tmp_path, f"`{name}`", told, overrides={name: value})


@pytest.mark.parametrize("name", ["", *TEMPLATES])
def test_every_known_template_will_do(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, overrides={"engine.template": name}).settings.engine.template == name


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("sk-tëst-7", "ASCII"),
        ("sk-test-7\n", "ASCII"),
        ("sk-test-7 ", "ASCII"),
        ("sk-\udce9-7", "ASCII"),
        (7000000000017, "must be a text, not a value of type int"),
    ],
)
def test_a_key_that_no_header_can_carry_is_refused_and_not_printed(tmp_path: Path, key: object, told: str) -> None:
    with pytest.raises(ConfigError, match=rf"command line: `engine\.api_key`.*{told}") as caught:
        load(tmp_path, overrides={"engine.api_key": key})
    assert str(key).strip() not in str(caught.value)


@pytest.mark.parametrize("name", ["engine.url", "chat.url"])
@pytest.mark.parametrize("start", ["http://me:hunter2@", "ftp://me:hunter2@", "http://hunter2@"])
def test_an_address_with_a_password_is_refused_and_not_printed(tmp_path: Path, name: str, start: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"`{name}` holds a name or a password.*{name.partition('.')[0]}\.api_key"
    ) as told:
        load(tmp_path, overrides={name: f"{start}127.0.0.1:8000/v1"})
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("url", ["http://a\tb/v1", "http://127.0.0.1/v1\n"])
def test_an_address_that_no_request_can_be_sent_to_is_refused(tmp_path: Path, url: str) -> None:
    refused(tmp_path, "must look like", overrides={"chat.url": url})


@pytest.mark.parametrize("host", ["", "http://example.org", "example.org:80", "[::1]", "a b", "a..b", "-\n", "*.org"])
def test_what_is_no_name_of_a_machine_is_refused(tmp_path: Path, host: str) -> None:
    refused(tmp_path, "server.host", "without http:// and port", overrides={"server.host": host})
    refused(
        tmp_path, "server.allowed_hosts", "without http:// and port", overrides={"server.allowed_hosts": ["a", host]}
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost", "0.0.0.0", "::", "assist.example.org."])
def test_names_and_addresses_of_machines_will_do(tmp_path: Path, host: str) -> None:
    assert load(tmp_path, overrides={"server.host": host}).settings.server.host == host


def test_shares_must_leave_room_for_the_code_above_the_cursor(tmp_path: Path) -> None:
    refused(tmp_path, "add up to 1.10", overrides={"completion.context_share": 0.6, "completion.suffix_share": 0.5})


def test_a_remote_engine_needs_an_address(tmp_path: Path) -> None:
    refused(tmp_path, "engine.url", overrides={"engine.kind": "remote"})


def test_a_section_is_no_value(tmp_path: Path) -> None:
    refused(tmp_path, "`engine` is a section", overrides={"engine": 5})


@pytest.mark.parametrize("text", ["[engine", "a = " + "[" * 4500, "a = " + "1" * 4500])
def test_broken_toml_names_the_file(tmp_path: Path, text: str) -> None:
    refused(tmp_path, "config.toml", "not valid TOML", user=text)


def test_a_file_that_is_not_utf8_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "codeassist.toml").write_bytes(b"\xff\xfe")
    refused(tmp_path, "codeassist.toml", "save it as UTF-8")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    refused(tmp_path, "codeassist.toml", "larger than", project="#\n" * 50_001)


@pytest.mark.timeout(20)
def test_keys_without_end_are_not_read(tmp_path: Path) -> None:
    refused(tmp_path, "codeassist.toml", "a line of more than", project="a." * 49_000 + "b = 1")


def test_a_mistake_in_the_projects_file_can_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(ProjectConfigError):
        load(tmp_path, project="[index]\nvectros = false")
    assert load_settings(None, overrides={}, environ={"HOME": str(tmp_path)}).settings == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("CODEASSIST_INDEX_VECTORS", "off", "index.vectors", False),
        ("CODEASSIST_INDEX_EXCLUDE", "a/, b/", "index.exclude", ("a/", "b/")),
        ("CODEASSIST_INDEX_EXCLUDE", '["a,b"]', "index.exclude", ("a,b",)),
        ("CODEASSIST_INDEX_EXCLUDE", "", "index.exclude", ()),
        ("CODEASSIST_ENGINE_KV_CACHE_GIB", "2", "engine.kv_cache_gib", 2.0),
        ("CODEASSIST_ENGINE_API_KEY", "true", "engine.api_key", "true"),
    ],
)
def test_environment_texts_become_the_settings_type(
    tmp_path: Path, variable: str, text: str, name: str, value: object
) -> None:
    section, _, key = name.partition(".")
    loaded = load(tmp_path, environ={variable: text})
    assert getattr(getattr(loaded.settings, section), key) == value
    assert loaded.origins[name] == f"environment {variable}"


def test_a_misspelt_variable_is_an_error_and_a_foreign_one_a_warning(tmp_path: Path) -> None:
    refused(tmp_path, "CODEASSIST_ENGINE_MODEL", environ={"CODEASSIST_ENGINE_MODLE": "x"})
    refused(tmp_path, "CODEASSIST_ENGINE_THREADS", "a whole number", environ={"CODEASSIST_ENGINE_THREADS": "many"})
    loaded = load(tmp_path, environ={"CODEASSIST_XYZZY": "x"})
    assert loaded.warnings == ("environment: CODEASSIST_XYZZY names no setting; it is ignored",)


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert load(tmp_path, user="[engine]\nmodel = '~/models/x'").settings.engine.model == "/home/ada/models/x"


def test_assignments_take_the_type_of_their_setting() -> None:
    texts = ["engine.threads=4", "index.exclude=a,b", "engine.url=http://h/v1?a=b", "completion.enabled=no"]
    assert parse_assignments(texts) == {
        "engine.threads": 4,
        "index.exclude": ("a", "b"),
        "engine.url": "http://h/v1?a=b",
        "completion.enabled": False,
    }


@pytest.mark.parametrize("text", ["engine.threads", "engine.thread=4", "engine.threads=four", "=4", "engine=4"])
def test_a_wrong_assignment_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="-o"):
        parse_assignments([text])
