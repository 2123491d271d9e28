"""What a viewer waits for and loads on a line of 20 Mbit/s and 60 ms: by the relay, and by nginx as a CDN's edge, cold and warm.

The gate has the page's libraries for the edge from a server of the npm packages."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ground import HERE, Bench, StandIn, wait_until

SECRET = "edge"


def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def configuration(edge: int, gate: str, relay: str, folder: Path) -> str:
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    return f"""daemon off; master_process off; pid {folder}/pid; error_log stderr warn; events {{}}
http {{ {temporary} access_log off; proxy_cache_path {folder}/cache keys_zone=edge:8m use_temp_path=off;
  map $request_uri $path {{ ~^(?<alone>[^?]*) $alone; }} map $http_accept_encoding $coding {{ default ''; ~*gzip gzip; }}
  proxy_cache edge; proxy_cache_key $path|$coding; proxy_cache_lock on; proxy_ignore_headers Vary; proxy_http_version 1.1;
  proxy_pass_request_headers off; proxy_set_header Accept-Encoding $coding; proxy_set_header x-zipreel-edge {SECRET};
  server {{ listen 127.0.0.1:{edge}; location / {{ proxy_pass {gate}$path; }} location /_relay/ {{ proxy_pass {relay}$path; }} }} }}
"""


class Edge:
    def __init__(self, folder: Path, gate: str, relay: str):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.port = port()
        (folder / "nginx.conf").write_text(configuration(self.port, gate, relay, folder))
        self.process = subprocess.Popen(["nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"])
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0, "nginx listens")

    def __enter__(self) -> "Edge":
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait()


class Libraries:
    """`/npm/<package>@<version>/<file>`, as the public CDN has it."""

    def __init__(self, packages: Path):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                package, _, rest = self.path.removeprefix("/npm/").partition("@")
                body = (packages / "node_modules" / package / rest.partition("/")[2]).read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self) -> "Libraries":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()


def switch_on(stand_in: StandIn, cdn: str, libraries: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": stand_in.access_key, "AWS_SECRET_ACCESS_KEY": stand_in.secret_key, "AWS_DEFAULT_REGION": "us-east-1"}
    of_relay = {"ZIPREEL_CDN_URL": cdn, "ZIPREEL_EDGE_SHA256": hashlib.sha256(SECRET.encode()).hexdigest()}
    of_gate = {"ZIPREEL_CDN_URL": cdn, "ZIPREEL_LIBRARIES_URL": libraries}
    for name, variables in [("zipreel-gate", of_gate), ("zipreel-relay", of_relay)]:
        command = ["aws", "--endpoint-url", stand_in.api, "lambda", "update-function-configuration", "--function-name", name]
        environment = ["--environment", json.dumps({"Variables": variables})]
        subprocess.run([*command, *environment], env=os.environ | keys, stdout=subprocess.DEVNULL, check=True)


def view(*arguments: str) -> dict:
    node = os.environ.get("ZIPREEL_TEST_NODE", "node")
    lines = subprocess.run([node, HERE / "views.mjs", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(lines.splitlines()[-1])


def show(what: str, seen: dict) -> None:
    told = [f"{step} {of['seconds']:.1f} s, {of['megabytes']:.2f} MB in {of['requests']:.0f}" for step, of in seen.items()]
    print(f"  {what}: {'; '.join(told)}", flush=True)


def measure(bench: Bench, runs: int) -> None:
    print("a view of 720p at 6.2 Mbit/s, 20 Mbit/s and 60 ms; medians", flush=True)
    folder = bench.scratch("views")
    video = bench.videos / "minute.mp4"
    subprocess.run([HERE.parent / "tools" / "sample", video], check=True)
    packages = os.environ.get("ZIPREEL_TEST_PLAYERS") or bench.folder.parent / "players"
    browser = lambda name, *programs: ["--browser", name, "--packages", str(packages), "--executable", next(filter(None, map(shutil.which, programs)), "")]
    chromium = browser("chromium", "chromium")
    others = {"Firefox": browser("firefox", "firefox-esr", "firefox"), "WebKitGTK": browser("webkit", "WebKitWebDriver")}
    with StandIn(bench, folder) as stand_in:
        command = [bench.zipreel, "publish", video, "--name", "minute", "--target", "local", "--json", "--yes"]
        out = subprocess.run(command, env=bench.environment(folder), stdout=subprocess.PIPE, text=True).stdout
        page = json.loads(out.splitlines()[-1])["playlist"].removesuffix("index.m3u8")
        for playlist in ["index.seek.m3u8", "index.m3u8"]:
            show(f"mpv, {playlist}", view("--playlist", page + playlist, "--runs", str(runs)))
        show("Chromium, by the relay", view("--page", page, *chromium, "--runs", str(runs)))
        for name, how in others.items():
            if how[-1]:
                show(f"{name}, by the relay", view("--page", page, *how, "--runs", str(runs)))
        note = json.loads((folder / "data" / "running.json").read_text())
        gate, relay = (note[name].rstrip("/") for name in ["gate", "relay"])
        with Edge(folder / "edge", gate, relay) as edge, Libraries(Path(packages)) as libraries:
            switch_on(stand_in, f"http://127.0.0.1:{edge.port}/", libraries.url)
            there = page.replace(gate, f"http://127.0.0.1:{edge.port}")
            for state, times in [("cold", 1), ("warm", runs)]:
                show(f"Chromium, by the edge, {state}", view("--page", there, *chromium, "--runs", str(times)))
            for name, how in others.items():
                if not how[-1]:
                    print(f"  {name} is not installed", flush=True)
                    continue
                show(f"{name}, by the edge, warm", view("--page", there, *how, "--runs", str(runs)))
