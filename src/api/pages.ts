import type { IncomingMessage, ServerResponse } from 'node:http';

/** Moraine's own pages beside the API, for load balancers and supervisors. They tell nothing but whether it works. */
export interface Health {
  /** Whether requests can be served now. */
  isReady: () => Promise<boolean>;
}

/** Answers `/healthz` (the process lives) and `/readyz` (it can serve); false when the request is for neither. */
export async function servePage(health: Health, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  if (request.url === '/healthz') send(response, { status: 200, text: '{"status":"ok"}' });
  else if (request.url === '/readyz') {
    const ready = await health.isReady();
    send(
      response,
      ready ? { status: 200, text: '{"status":"ok"}' } : { status: 503, text: '{"status":"unavailable"}' },
    );
  } else return false;
  return true;
}

function send(response: ServerResponse, { status, text }: { status: number; text: string }): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': text.length,
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
