import { readFileSync } from 'node:fs';

/** What a run of a query over a file took, in a process that did nothing else. */
export interface Measured {
  seconds: number;
  cpuSeconds: number;
  /** Of the process, from its start. */
  peakMib: number;
  outputBytes: number;
}

/** Measures what a program of the benchmark does and prints that as its only line. */
export async function printMeasured(work: () => number | Promise<number>): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const outputBytes = await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const measured: Measured = { seconds, cpuSeconds: (user + system) / 1e6, peakMib: peakMib(), outputBytes };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}

function peakMib(): number {
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}
