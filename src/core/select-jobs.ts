import { invalidParameter } from '../model/errors.ts';
import { renderJob } from '../model/job-document.ts';
import type { ArchiveSelect, ShownJob, Tier } from '../model/jobs.ts';
import { type OutputLocation, outputPathOf, type SelectQuery } from '../model/select.ts';
import type { Vault } from '../model/vaults.ts';
import { checkQuery } from '../select/check.ts';
import { SelectError } from '../select/select-error.ts';
import { type OutputObject, OutputRefusedError } from '../select-output/select-output.ts';
import type { Arrangement } from './arrangement.ts';
import type { Asker, Authorisation } from './authorisation.ts';
import { JOB_OBJECT, sampleNames } from './select-objects.ts';
import type { JobBirth, JobNotes, Starting } from './starting.ts';
import type { Vaults } from './vaults.ts';

/** A query that somebody wants to be run. */
interface AskedQuery extends JobNotes {
  asker: Asker;
  archiveId: string;
  tier: Tier;
  query: SelectQuery;
  output: OutputLocation;
  sent: ArchiveSelect['sent'];
}

/** Where a job's output will be. */
interface OutputPlace {
  bucketName: string;
  outputPath: string;
  jobId: string;
}

export class SelectJobs {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;
  readonly #starting: Starting;
  readonly #authorisation: Authorisation;

  constructor(given: Arrangement, rules: { vaults: Vaults; starting: Starting; authorisation: Authorisation }) {
    this.#given = given;
    this.#vaults = rules.vaults;
    this.#starting = rules.starting;
    this.#authorisation = rules.authorisation;
  }

  /**
   * Starts a query on an archive; returns the job's id, and below which key its output will be. Most of what can be wrong
   * with it is told at once: the text of the query, and whether results can be written where they are to go, which an object
   * proves. Its writer is the server, so that whoever asks must be allowed to write it too.
   */
  async start(asked: AskedQuery): Promise<{ id: string; outputPath: string }> {
    const { tier, query, output, sent } = asked;
    const vault = await this.#vaults.require(asked.vault);
    const archive = await this.#starting.requireArchive(vault, asked.archiveId);
    this.#check(query);
    const birth = this.#starting.nextBirth();
    const outputPath = outputPathOf(output, birth.id);
    const request: ArchiveSelect = {
      kind: 'select',
      archiveKey: archive.key,
      archiveId: archive.id,
      archiveSizeBytes: archive.sizeBytes,
      ...{ tier, query, output, outputPath, sent },
    };
    const object = this.#jobObject(vault, request);
    await this.#requireWriter(asked, { bucketName: output.bucketName, outputPath, jobId: birth.id });
    await this.#prove(object, this.#documentOf(request, { birth, asked }));
    try {
      const delay = this.#given.retrievalTimes[tier.toLowerCase() as Lowercase<Tier>];
      const id = await this.#starting.start({ vault, notes: asked, delay, request, birth });
      return { id, outputPath };
    } catch (error) {
      // What is left where this fails is an object of a job that never was; the error says so.
      await this.#given.selectOutput.delete(object, [object.key]).catch(() => undefined);
      throw error;
    }
  }

  #check(query: SelectQuery): void {
    try {
      checkQuery(query, { strict: this.#given.selectStrict });
    } catch (error) {
      if (!(error instanceof SelectError)) throw error;
      throw invalidParameter(`Invalid Expression: ${error.code}: ${error.message}`);
    }
  }

  /** For each sort of object, since policies may tell them apart. */
  async #requireWriter({ asker, vault }: AskedQuery, folder: OutputPlace): Promise<void> {
    const { bucketName, outputPath, jobId } = folder;
    for (const name of sampleNames(jobId)) {
      const object = { bucketName, key: `${outputPath}${name}` };
      const wish = { ...asker, accountId: vault.accountId, vaultName: undefined, object, subject: {} };
      await this.#authorisation.require({ ...wish, action: 'PutObject' });
    }
  }

  async #prove(object: OutputObject, document: object): Promise<void> {
    try {
      await this.#given.selectOutput.put(object, Buffer.from(`${JSON.stringify(document, null, 2)}\n`));
    } catch (error) {
      if (!(error instanceof OutputRefusedError)) throw error;
      throw invalidParameter(
        `The results cannot be written to the bucket ${object.bucketName}: ${error.code}: ${error.message}`,
      );
    }
  }

  #jobObject({ accountId }: Vault, { output, outputPath }: ArchiveSelect): OutputObject {
    const { bucketName, settings } = output;
    return { accountId, bucketName, key: `${outputPath}${JOB_OBJECT}`, contentType: 'text/plain', settings };
  }

  #documentOf(request: ArchiveSelect, { birth, asked }: { birth: JobBirth; asked: AskedQuery }): object {
    const { description, snsTopic } = asked;
    const beginning = {
      status: 'InProgress',
      statusMessage: null,
      completedAtMs: null,
      outputSizeBytes: null,
    } as const;
    const shown: ShownJob = { ...request, ...birth, description, snsTopic, ...beginning };
    return renderJob(shown, this.#vaults.arn(asked.vault));
  }
}
