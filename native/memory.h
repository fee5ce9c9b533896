#ifndef MORAINE_MEMORY_H
#define MORAINE_MEMORY_H

/* Has the process keep memory that was freed a moment ago, for the next who needs some. Call it once. */
void memory_prepare(void);

#endif
