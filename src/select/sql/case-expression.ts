import { beyondGlacier, type Parsing } from './parsing.ts';
import type { Expression } from './syntax.ts';

/** `CASE WHEN condition THEN value ... [ELSE value] END`, or with what is compared after CASE. */
export function caseExpression(parsing: Parsing): Expression {
  const { reader, expression } = parsing;
  const { place } = reader.next();
  beyondGlacier(parsing, 'CASE', place);
  const subject = reader.isWord('WHEN', 'ELSE', 'END') ? null : expression();
  if (!reader.isWord('WHEN')) throw reader.expected('WHEN', 'ParseExpectedWhenClause');
  const branches: { when: Expression; then: Expression }[] = [];
  while (reader.takeWord('WHEN')) {
    const when = expression();
    reader.expectWord('THEN');
    // biome-ignore lint/suspicious/noThenProperty: it is SQL's word, and nobody awaits a branch
    branches.push({ when, then: expression() });
  }
  const otherwise = reader.takeWord('ELSE') ? expression() : null;
  reader.expectWord('END');
  return { kind: 'case', subject, branches, otherwise, place };
}
