import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GlacierError } from '../model/errors.ts';
import { parseJobParameters } from './job-parameters.ts';

const ARCHIVE = { Type: 'archive-retrieval', ArchiveId: 'archive' };
const INVENTORY = { Type: 'inventory-retrieval' };
const notes = { description: null, snsTopic: null };

describe('an archive retrieval', () => {
  test('with as little as it needs', () => {
    expect(parseJobParameters(ARCHIVE)).toEqual({
      kind: 'archive-retrieval',
      archiveId: 'archive',
      range: null,
      tier: 'Standard',
      ...notes,
    });
  });

  test('with everything', () => {
    const topic = 'arn:aws:sns:us-east-1:111122223333:mytopic';
    const more = { RetrievalByteRange: '0-1048575', Tier: 'Bulk', Description: ' weekly', SNSTopic: topic };
    expect(parseJobParameters({ ...ARCHIVE, ...more })).toEqual({
      kind: 'archive-retrieval',
      archiveId: 'archive',
      range: { startByte: 0, endByte: 1048575 },
      tier: 'Bulk',
      description: 'weekly',
      snsTopic: topic,
    });
  });
});

describe('an inventory retrieval', () => {
  const nothing = { startAtMs: null, endAtMs: null, limit: null, marker: null };

  test('with as little as it needs, and with a tier, which it does not have', () => {
    const expected = { kind: 'inventory-retrieval', format: 'JSON', ...nothing, ...notes };
    expect(parseJobParameters(INVENTORY)).toEqual(expected);
    expect(parseJobParameters({ ...INVENTORY, Tier: 'Bulk', InventoryRetrievalParameters: null })).toEqual(expected);
    const nulls = { StartDate: null, EndDate: null, Limit: null, Marker: null };
    expect(parseJobParameters({ ...INVENTORY, InventoryRetrievalParameters: nulls })).toEqual(expected);
  });

  test('of a range', () => {
    const parameters = { StartDate: '2014-01-01', EndDate: '2014-01-02T00:00:00Z', Limit: '120000', Marker: 'm' };
    expect(parseJobParameters({ ...INVENTORY, Format: 'CSV', InventoryRetrievalParameters: parameters })).toMatchObject(
      {
        format: 'CSV',
        startAtMs: Date.UTC(2014, 0, 1),
        endAtMs: Date.UTC(2014, 0, 2),
        limit: 120_000,
        marker: 'm',
      },
    );
  });

  test('takes a limit as a number and a range of no length', () => {
    const parameters = { StartDate: '2014-01-01', EndDate: '2014-01-01', Limit: 3 };
    expect(parseJobParameters({ ...INVENTORY, InventoryRetrievalParameters: parameters })).toMatchObject({ limit: 3 });
  });
});

const SELECT = {
  Type: 'select',
  ArchiveId: 'archive',
  SelectParameters: { Expression: 'select * from archive', ExpressionType: 'SQL' },
  OutputLocation: { S3: { BucketName: 'results', Prefix: 'p' } },
};

test('a select job with as little as it needs', () => {
  expect(parseJobParameters(SELECT)).toMatchObject({
    kind: 'select',
    archiveId: 'archive',
    tier: 'Standard',
    query: { expression: 'select * from archive' },
    output: { bucketName: 'results', prefix: 'p' },
    sent: {
      selectParameters: '{"Expression":"select * from archive","ExpressionType":"SQL"}',
      outputLocation: '{"S3":{"BucketName":"results","Prefix":"p"}}',
    },
    ...notes,
  });
});

describe('refusals', () => {
  const codeOf = (body: Record<string, unknown> | undefined): string => {
    try {
      parseJobParameters(body);
    } catch (error) {
      if (error instanceof GlacierError) return error.code;
      throw error;
    }
    return 'none';
  };

  test.each([
    [undefined, 'Required parameter missing: Job Parameters'],
    [{}, 'Required parameter missing: type'],
    [{ Type: null }, 'Required parameter missing: type'],
    [{ Type: 'archive-retrieval' }, 'Required parameter missing: archiveId'],
    [{ ...ARCHIVE, ArchiveId: '' }, 'Required parameter missing: archiveId'],
    [{ Type: 'select' }, 'Required parameter missing: archiveId'],
    [{ ...SELECT, ArchiveId: null }, 'Required parameter missing: archiveId'],
    [{ ...SELECT, SelectParameters: null }, 'Required parameter missing: SelectParameters'],
    [{ ...SELECT, OutputLocation: null }, 'Required parameter missing: OutputLocation'],
    [{ ...SELECT, Format: 'CSV' }, 'Format is not valid for a select job.'],
    [{ ...SELECT, RetrievalByteRange: '0-1' }, 'RetrievalByteRange is not valid for a select job.'],
    [{ ...SELECT, InventoryRetrievalParameters: {} }, 'InventoryRetrievalParameters is not valid for a select job.'],
    [{ ...SELECT, Tier: 'standard' }, 'Invalid Tier: standard.'],
    [{ Type: 'restore' }, 'The job type is not valid: restore'],
    [{ ...ARCHIVE, RetrievalByteRange: '1-' }, 'Invalid RetrievalByteRange: 1-'],
    [{ ...ARCHIVE, Tier: 'bulk' }, 'Invalid Tier: bulk. It must be one of Expedited, Standard, Bulk.'],
    [{ ...INVENTORY, Format: 'csv' }, 'Invalid Format: csv. It must be one of CSV, JSON.'],
    [{ ...ARCHIVE, SNSTopic: 'topic' }, 'Invalid SNSTopic: topic'],
    [{ ...INVENTORY, ArchiveId: 'x' }, 'ArchiveId is not valid for an inventory-retrieval job.'],
    [{ ...INVENTORY, InventoryRetrievalParameters: { Limit: '0' } }, 'The limit is not valid: 0'],
    [{ ...INVENTORY, InventoryRetrievalParameters: { Limit: 1e21 } }, 'The limit is not valid: 1e+21'],
    [{ ...INVENTORY, InventoryRetrievalParameters: { EndDate: 'soon' } }, 'Invalid EndDate: soon'],
  ])('%j: %s', (body, message) => {
    expect(() => parseJobParameters(body)).toThrow(message);
  });

  test.each([
    { Type: 1 },
    { Type: {} },
    { ...ARCHIVE, ArchiveId: 1 },
    { ...ARCHIVE, Description: [] },
    { ...INVENTORY, InventoryRetrievalParameters: [] },
    { ...INVENTORY, InventoryRetrievalParameters: { Limit: true } },
  ])('%j has a member of another type', (body) => {
    expect(codeOf(body)).toBe('SerializationException');
  });

  test('whatever a body holds, it is understood or refused', () => {
    const members = {
      Type: fc.constantFrom<unknown>('archive-retrieval', 'inventory-retrieval', 'select', 'x', null, 1),
      SelectParameters: fc.oneof(fc.anything(), fc.constant(SELECT.SelectParameters)),
      OutputLocation: fc.anything(),
      ArchiveId: fc.anything(),
      Tier: fc.anything(),
      Format: fc.anything(),
      Description: fc.anything(),
      RetrievalByteRange: fc.anything(),
      InventoryRetrievalParameters: fc.anything(),
    };
    fc.assert(
      fc.property(fc.record(members, { requiredKeys: [] }), (body) => {
        expect([
          'none',
          'MissingParameterValueException',
          'InvalidParameterValueException',
          'SerializationException',
        ]).toContain(codeOf(body));
      }),
    );
  });
});
