import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Facts } from './facts.ts';

/** A request that has been answered, or broken off. */
export interface EndedRequest {
  /** As Glacier calls it; undefined when it was for none. */
  operation: string | undefined;
  status: number;
  durationMs: number;
  /** Bytes on the connection, heads included. */
  receivedBytes: number;
  sentBytes: number;
}

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600];

/** What Prometheus asks for. Counters count from the start; everything else is looked up when it is asked for. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #seconds: Histogram;
  readonly #received: Counter;
  readonly #sent: Counter;

  constructor(facts: () => Promise<Facts>) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      ...{ name: 'moraine_requests_total', help: 'Requests that were answered or broken off' },
      ...{ labelNames: ['operation', 'status'], registers },
    });
    this.#seconds = new Histogram({
      ...{ name: 'moraine_request_seconds', help: 'How long requests took, their bodies included' },
      ...{ labelNames: ['operation'], buckets: SECONDS, registers },
    });
    const received = { name: 'moraine_received_bytes_total', help: 'Bytes that clients have sent' };
    this.#received = new Counter({ ...received, registers });
    this.#sent = new Counter({ name: 'moraine_sent_bytes_total', help: 'Bytes that clients were sent', registers });
    tell(this.#registry, facts);
  }

  requestEnded({ operation = 'none', status, durationMs, receivedBytes, sentBytes }: EndedRequest): void {
    this.#requests.inc({ operation, status: `${Math.floor(status / 100)}xx` });
    this.#seconds.observe({ operation }, durationMs / 1000);
    this.#received.inc(receivedBytes);
    this.#sent.inc(sentBytes);
  }

  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** Each fact that is told as it is now, in one reading of all of them. */
function tell(registry: Registry, facts: () => Promise<Facts>): void {
  const gauge = (name: string, help: string, label?: string): Gauge =>
    new Gauge({ name: `moraine_${name}`, help, labelNames: label === undefined ? [] : [label], registers: [registry] });
  const free = gauge('disk_free_bytes', 'Free on the file system of this directory', 'directory');
  const reserve = gauge('disk_reserve_bytes', 'What uploads leave free there', 'directory');
  const degraded = gauge('degraded', 'Whether this reason to call the server degraded holds', 'reason');
  const failures = gauge('file_failures', 'File calls that failed since the start', 'kind');
  const single = (Object.keys(SINGLE) as (keyof typeof SINGLE)[]).map((name) => ({
    ...{ read: SINGLE[name].read, gauge: gauge(name, SINGLE[name].help) },
  }));
  const set = (found: Facts): void => {
    free.reset();
    reserve.reset();
    for (const { name, freeBytes, reserveBytes } of found.disks) {
      free.set({ directory: name }, freeBytes);
      reserve.set({ directory: name }, reserveBytes);
    }
    for (const { reason, holds } of found.reasons) degraded.set({ reason }, holds ? 1 : 0);
    for (const [kind, count] of Object.entries(found.failures)) failures.set({ kind }, count);
    for (const { gauge: one, read } of single) one.set(read(found) ?? Number.NaN);
  };
  let reading: Promise<Facts> | undefined;
  // All are collected side by side, and share a reading.
  const collect = async (): Promise<void> => {
    reading ??= facts().finally(() => {
      reading = undefined;
    });
    set(await reading);
  };
  for (const one of [free, reserve, degraded, failures, ...single.map((each) => each.gauge)])
    Object.assign(one, { collect });
}

type Read = (facts: Facts) => number | undefined;

/** NaN, which is no number at all, where there is nothing to tell yet. */
const SINGLE = {
  damaged_archives: {
    help: 'Archives that are damaged in every copy, as far as it is known',
    read: (of) => of.damaged,
  },
  repaired_copies: { help: 'Copies of blobs that were repaired since the start', read: (of) => of.repaired },
  scrub_finished_timestamp_seconds: {
    help: 'When the last pass of the scrub ended; NaN before the first',
    read: (of) => seconds(of.scrub?.finishedAtMs),
  },
  scrub_archives: { help: 'Archives that a pass of the scrub is to verify', read: (of) => of.scrub?.archives },
  scrub_verified_archives: { help: 'Of these, verified in this pass', read: (of) => of.scrub?.verifiedArchives },
  scrub_verified_bytes: { help: 'Bytes verified in this pass', read: (of) => of.scrub?.verifiedBytes },
  uploads_running: { help: 'Bodies of archives and parts that are being received', read: (of) => of.uploads },
  frame_bytes: { help: 'Memory that uploads and downloads have for bytes on their way', read: (of) => of.frameBytes },
  jobs_unfinished: { help: 'Jobs that wait or run', read: (of) => of.jobs },
} satisfies Record<string, { help: string; read: Read }>;

const seconds = (atMs: number | null | undefined): number | undefined => (atMs == null ? undefined : atMs / 1000);
