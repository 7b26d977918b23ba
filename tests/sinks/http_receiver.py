"""The other end of HTTP sinks: http_receiver.py CERTIFICATE KEY. Two servers on ports of their own, HTTP and HTTPS.

First line on stdout: {"http": PORT, "https": PORT}. Then commands on stdin, one JSON object a line, each answered by a line:
  {"answers": [{...}, ...]}   what the next requests get, in order; the last one stays. An answer has `status`, `headers`, `body`,
                              or `do`: "hang", "close", "drip" (a body that never ends, byte by byte), "flood" (one that never ends, fast)
  {"received": true}          all requests so far: method, path, headers (lower case), body (base64)
  {"slack": true}             answers as Slack does from now on: 200 "ok", or 400 with its reason
"""
import base64
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slack_rules import fault_of

lock = threading.Lock()
answers = [{"status": 200, "body": "ok"}]
received = []
slack = False
never = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            received.append({"method": self.command, "path": self.path,
                             "headers": {name.lower(): value for name, value in self.headers.items()},
                             "body": base64.b64encode(body).decode()})
            answer = answers[0] if len(answers) == 1 else answers.pop(0)
            if slack and answer.get("status") == 200:
                fault = fault_of(body)
                answer = {"status": 400, "body": fault} if fault else {"status": 200, "body": "ok"}
        getattr(self, answer.get("do", "answer"))(answer)

    def answer(self, answer):
        text = answer.get("body", "").encode()
        self.send_response(answer["status"])
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def hang(self, answer):
        never.wait(60)

    def close(self, answer):
        self.close_connection = True

    def endless(self, answer, piece, pause):
        self.send_response(answer["status"])
        self.end_headers()
        self.close_connection = True
        try:
            while not never.wait(pause):
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            pass  # the sink had enough

    def drip(self, answer):
        self.endless(answer, b".", 0.05)

    def flood(self, answer):
        self.endless(answer, b"." * 65536, 0)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # clients that refuse the certificate, or hang up


def serve(context):
    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main():
    global answers, slack
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    print(json.dumps({"http": serve(None), "https": serve(context)}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        with lock:
            answers = command.get("answers", answers)
            slack = command.get("slack", slack)
            print(json.dumps(received if "received" in command else {}), flush=True)


main()
