from __future__ import annotations

from pathlib import Path

import pytest

from indexer.rules import NameRules, Rules, read_rules, reason_by_content, reason_by_name

SECRET = "looks like a secret"


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "a/.env.production",
        "prod.env",
        "certs/server.pem",
        "tls.key",
        "id_rsa",
        "home/.ssh/config",
        "id_ed25519",
        ".npmrc",
        ".pypirc",
        ".netrc",
        "credentials.json",
        "config/secrets.yml",
        "infra/prod.tfstate",
        "prod.tfvars",
        ".aws/credentials",
        "service-account-prod.json",
        ".git-credentials",
        "ID_RSA",
        "Server.PEM",
        ".envrc",
        ".env-prod",
        "env.local",
        "infra/prod.tfvars.json",
        ".vault-token",
        ".dockerconfigjson",
        ".yarnrc.yml",
        "secrets.properties",
        "app/secrets.json5",
        "secrets.ini",
        "auth.json",
    ],
)
def test_names_of_secrets_are_left_out(path: str) -> None:
    assert reason_by_name(path) == SECRET


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.sample",
        "id_rsa.pub",
        "environment.py",
        "keys.py",
        "secrets.py",
        "secrets.go",
        "Secrets.java",
        "docs/secrets.md",
        "secrets.properties.example",
        "auth.py",
        "env.ts",
    ],
)
def test_names_that_only_sound_secret_stay(path: str) -> None:
    assert reason_by_name(path) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("node_modules/a/index.js", "third-party code"),
        ("web/vendor/jquery.js", "third-party code"),
        ("a/__pycache__/b.py", "in a cache folder"),
        ("app.min.js", "generated"),
        ("web/dist/app.js", "generated"),
        ("packages/a/dist/index.d.ts", "generated"),
        ("src/dist/scheduler.py", None),
        ("dist/main.go", None),
        ("src/dist.js", None),
        ("api/user_pb2.py", "generated"),
        ("api/user_pb2_grpc.pyi", "generated"),
        ("web/user_pb.js", "generated"),
        ("api/user_pb2.proto", None),
        ("package-lock.json", "generated"),
        ("poetry.lock", "generated"),
        ("Cargo.lock", "generated"),
        ("src/packages.lock.json", "generated"),
        ("infra/.terraform.lock.hcl", "generated"),
        ("app/gradle.lockfile", "generated"),
        ("lock.py", None),
        ("src/lockfile.ts", None),
        ("logo.PNG", "binary"),
        ("rows.csv", "data"),
        ("src/main.py", None),
        ("build/rules.py", None),
        ("vendor.py", None),
    ],
)
def test_what_a_name_tells(path: str, reason: str | None) -> None:
    assert reason_by_name(path) == reason


KEY_HEAD = "-----BEGIN RSA " + "PRIVATE KEY-----"

SECRETS = [
    f"{KEY_HEAD}\nMIIEow\n",
    f'key = """{KEY_HEAD}\nMIIEow"""\n',
    f'{{"key": "{KEY_HEAD}\\nMIIE"}}',
    "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\n",
    "aws = 'AKIA" + "ABCDEFGHIJKLMNOP'",
    "token = 'ghp_" + "a" * 36 + "'",
    "k = 'sk_live_" + "a" * 24 + "'",
    "g = 'AIza" + "b" * 35 + "'",
    "openai = 'sk-" + "proj-" + "aB3_" * 12 + "'",
    "openai = 'sk-" + "a" * 20 + "T3Blbk" + "FJ" + "a" * 20 + "'",
    "hf = 'hf_" + "aB" * 17 + "'",
    "aws = 'ASIA" + "ABCDEFGHIJKLMNOP'",
    'aws_secret_access_key = "' + "aB3/" * 10 + '"',
    "AWS_SECRET_ACCESS_KEY=" + "aB3+" * 10,
    '"SecretAccessKey": "' + "aB3/" * 10 + '"',
    "k = 'rk_live_" + "a" * 24 + "'",
    "https://hooks.slack.com/" + "services/T0123ABCD/B0123ABCD/" + "aB3" * 8,
    "DATABASE = 'postgres://app:" + "c0rrect-h0rse@db.internal:5432/app'",
    "REDIS = 'redis://:" + "c0rrecth0rse@localhost/0'",
    f'key = "{KEY_HEAD}" +\n    "MIIEowIBAAKCAQEAxyz"',
    f"key = ['{KEY_HEAD}',\n  'MIIEowIBAAKCAQEAxyz']",
    f'key = (\n    "{KEY_HEAD}"\n    "MIIEowIBAAKCAQEAxyz"\n)',
]


@pytest.mark.parametrize("text", SECRETS)
def test_files_that_hold_keys_are_left_out(text: str) -> None:
    assert reason_by_content("config.py", text) == SECRET


@pytest.mark.parametrize(
    "text",
    [
        f"if text.startswith('{KEY_HEAD}'):\n    pass\n",
        "-----BEGIN CERTIFICATE-----\nMIIE\n",
        "AKIA is how such keys start",
        "skip_live_tests = True",
        f'HEADS = ["{KEY_HEAD}", "{KEY_HEAD}"]',
        "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE",
        'aws_secret_access_key = "' + "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + 'EXAMPLEKEY"',
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "OPENAI_API_KEY=sk-proj-...",
        "def hf_hub_download_with_a_name_of_more_than_thirty_four(): pass",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
    ],
)
def test_code_that_only_speaks_of_keys_stays(text: str) -> None:
    assert reason_by_content("pem.py", text) is None


@pytest.mark.parametrize(
    "credentials",
    [
        "user:password", "user:pass", "user:passwd123", "postgres:postgres", "user:${PASSWORD}", "user:{password}",
        "user:%s", "user:<password>", "user:xxxxxxxx", "user:********", "user:your_password", "scott:tiger",
        ":changeme", "a:123456789", "me:yourTopSecretPassword", "x:my-token",
    ],
)  # fmt: skip
def test_a_url_that_shows_where_a_password_would_stand_stays(credentials: str) -> None:
    assert reason_by_content("a.py", f"url = 'postgres://{credentials}@db.internal/app'") is None


def test_a_password_for_a_host_that_only_documents_name_stays() -> None:
    assert reason_by_content("a.py", "https://bob:c0rrect-h0rse@www.example.com/") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("// Code generated by protoc. DO NOT EDIT.\npackage a\n", "generated"),
        ("# @generated by a tool\nx = 1\n", "generated"),
        ("// GENERATED CODE -- DO NOT EDIT!\n", "generated"),
        ("// GENERATED CODE - DO NOT MODIFY BY HAND\n", "generated"),
        ("/* AUTO-GENERATED FILE.  DO NOT MODIFY.\n */", "generated"),
        ("# reads generated code, does not edit it\n", None),
        ("x = 1\n" * 400 + "# this file is automatically generated\n", None),
        ("var a=1;" * 2000, "minified"),
        ("x = 1\n" * 3000, None),
    ],
)
def test_generated_and_minified_code_is_told_by_its_text(text: str, reason: str | None) -> None:
    assert reason_by_content("a.js", text) == reason


def test_a_large_json_file_is_data() -> None:
    assert reason_by_content("a.json", '{"a": 1}\n' * 30_000) == "data"


def test_the_ignore_file_and_the_settings_exclude_by_gitignore_patterns(tmp_path: Path) -> None:
    (tmp_path / ".codeassistignore").write_text("# comment\nprivate/\n*.tmp.py\n!keep.tmp.py\n")
    rules = NameRules(read_rules(tmp_path, 10, ["docs/**"]))
    assert rules.reason("private/a.py") == "ignored by .codeassistignore"
    assert rules.reason("a/b.tmp.py") == "ignored by .codeassistignore"
    assert rules.reason("keep.tmp.py") is None
    assert rules.reason("docs/a/b.md") == "excluded by the settings"
    assert rules.reason("src/a.py") is None


def test_a_pattern_that_means_nothing_is_passed_over(tmp_path: Path) -> None:
    rules = read_rules(tmp_path, 10, ["!", "secret/"])
    assert rules == Rules(10, ("secret/",), root=tmp_path)


def test_an_ignore_file_that_is_a_folder_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / ".codeassistignore").mkdir()
    assert NameRules(read_rules(tmp_path, 10, [])).reason("a.py") is None
