import { chooseFrameWork } from '../../src/frames/choose.ts';
import { frameWorkContract } from './frame-work.ts';

frameWorkContract(() => chooseFrameWork({ prefer: 'plain' }));
