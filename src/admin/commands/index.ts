import { accountCommands } from './accounts.ts';
import { doctorCommands } from './doctor.ts';
import { fixityCommands } from './fixity.ts';
import { keyCommands } from './keys.ts';
import { lockCommands } from './locks.ts';
import { policyCommands } from './policies.ts';
import { topicCommands } from './topics.ts';
import { userCommands } from './users.ts';

/** What the operator can ask for, by the names that records show: the words of the command line with a dot between. */
export const commands = {
  ...accountCommands,
  ...userCommands,
  ...policyCommands,
  ...keyCommands,
  ...topicCommands,
  ...lockCommands,
  ...doctorCommands,
  ...fixityCommands,
};
