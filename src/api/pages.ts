import type { Reply } from './reply.ts';

/** Moraine's own pages beside the API, for load balancers and supervisors. They tell nothing but whether it works. */
export interface Health {
  /** Whether requests can be served now. */
  isReady: () => Promise<boolean>;
}

/** `/healthz` (the process lives) or `/readyz` (it can serve); undefined when the request is for neither. */
export async function findPage(
  health: Health,
  { method, url }: { method?: string | undefined; url?: string | undefined },
): Promise<Required<Reply> | undefined> {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (url === '/healthz') return page(200, 'ok');
  if (url === '/readyz') return (await health.isReady()) ? page(200, 'ok') : page(503, 'unavailable');
  return undefined;
}

const page = (status: number, word: string): Required<Reply> => ({
  status,
  headers: [['Cache-Control', 'no-store']],
  content: { kind: 'json', text: JSON.stringify({ status: word }) },
});
