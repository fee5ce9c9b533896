"""Sends a request of which only the head is right with Python's own HTTP client and prints the status of the answer.

It writes the whole body before it looks for an answer, as most clients of the vault API do.
"""

import http.client
import json
import sys

request = json.load(sys.stdin)
connection = http.client.HTTPConnection("127.0.0.1", request["port"], timeout=20)
connection.putrequest(request["method"], request["target"], skip_host=True, skip_accept_encoding=True)
for name, value in request["headers"]:
    connection.putheader(name, value)
connection.endheaders()
for _ in range(request["mebibytes"]):
    connection.send(bytes(1 << 20))
answer = connection.getresponse()
print(answer.status, json.loads(answer.read())["code"])
