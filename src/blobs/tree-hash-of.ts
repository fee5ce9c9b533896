import { hash } from 'node:crypto';
import { combine } from '../tree-hash/nodes.ts';

const EMPTY = hash('sha256', '', 'hex');

/** The tree hash (hexadecimal) of bytes with these leaves, 32 bytes each; that of the empty text without any. */
export const treeHashOf = (leaves: Buffer): string => (leaves.length === 0 ? EMPTY : combine(leaves).toString('hex'));
