/** What the operator can ask for, by the names that records show: the words of the command line with a dot between. */
export const commands = {};
