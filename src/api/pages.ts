import type { Reply } from './reply.ts';

/**
 * Moraine's own pages beside the API, for load balancers and supervisors. They need no credentials, so they tell whether it
 * works and which of a few words says what is wrong, and nothing else.
 */
export interface Health {
  /** Whether requests can be served now. */
  isReady: () => Promise<boolean>;
  /** What is wrong with a server that can. */
  reasons: () => readonly string[];
}

/** `/healthz` (the process lives) or `/readyz` (it can serve); undefined when the request is for neither. */
export async function findPage(
  health: Health,
  { method, url }: { method?: string | undefined; url?: string | undefined },
): Promise<Required<Reply> | undefined> {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (url === '/healthz') return page(200, 'ok');
  if (url !== '/readyz') return undefined;
  if (!(await health.isReady())) return page(503, 'unavailable');
  const reasons = health.reasons();
  return page(200, reasons.length === 0 ? 'ok' : `degraded: ${reasons.join(', ')}`);
}

const page = (status: number, word: string): Required<Reply> => ({
  status,
  headers: [['Cache-Control', 'no-store']],
  content: { kind: 'json', text: JSON.stringify({ status: word }) },
});
