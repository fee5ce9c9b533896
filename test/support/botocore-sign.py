"""Signs random requests with botocore and prints one JSON object a line: method, target, headers, body."""

import json
import random
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from urllib.parse import quote

port, key_id, secret, count, seed = sys.argv[1:]
random.seed(int(seed))
signer = SigV4Auth(Credentials(key_id, secret), 'glacier', 'us-east-1')
LETTERS = "azAZ09-._~ +%/?&=;:!*'()$@,\"<>[]^`{|}\\#é€"


def text(most):
    return ''.join(random.choice(LETTERS) for _ in range(random.randrange(most)))


def pieces():
    for _ in range(random.randrange(5)):
        yield random.choice(['', '.', '..', '-', 'vaults', 'wire', '%2E%2E', quote(text(8), safe='')])


for _ in range(int(count)):
    path = '/' + '/'.join(pieces())
    names = {f'{random.choice("abcxyz")}{number}' for number in range(random.randrange(4))}
    query = '&'.join(f'{name}={quote(text(8), safe="-._~")}' for name in names)
    method = random.choice(['GET', 'PUT', 'POST', 'DELETE'])
    headers = {f'x-n{number}': text(12).encode('ascii', 'ignore').decode() for number in range(random.randrange(3))}
    headers['x-amz-glacier-version'] = '2012-06-01'
    body = '' if method == 'GET' else text(40).encode('ascii', 'ignore').decode()
    url = f'http://127.0.0.1:{port}{path}' + (f'?{query}' if query else '')
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    signer.add_auth(request)
    sent = [[name, value] for name, value in request.headers.items()]
    sent.append(['Host', f'127.0.0.1:{port}'])
    if body:
        sent.append(['Content-Length', str(len(body))])
    print(json.dumps({'method': method, 'target': path + (f'?{query}' if query else ''), 'headers': sent, 'body': body}))
