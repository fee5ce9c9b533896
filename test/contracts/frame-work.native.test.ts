import { describe } from 'vitest';
import { chooseFrameWork } from '../../src/frames/choose.ts';
import { absenceOfNative } from '../support/native.ts';
import { frameWorkContract } from './frame-work.ts';

const reason = absenceOfNative();

describe.skipIf(reason !== null)(`the addon${reason === null ? '' : ` (not run: ${reason})`}`, () => {
  frameWorkContract(chooseFrameWork);
});
