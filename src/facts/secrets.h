/*
 * secrets.h - passwords stay out of texts that people read.
 *
 * In facts, recorded text and steps a token stands for a secret: a keyed hash of its place (kinds/kind.h) and value.
 * Equal tokens are equal secrets, and nobody can guess one from its token.  What a token stands for is in
 * schemaflow.secret, which only the extension's owner reads and no dump holds.  A step's statement gets the value when
 * it runs, in the parser's tree and nowhere else; a token in another place than its own stands for nothing, so
 * that it cannot be carried to where it would be shown.
 */
#ifndef SF_SECRETS_H
#define SF_SECRETS_H

#include "facts/factbase.h"
#include "model/unit.h"
#include "nodes/nodes.h"

typedef struct SfSecret
{
	char	   *place;
	char	   *token;
	char	   *value;
} SfSecret;

/* Put tokens in the place of the secrets of facts that were just read; base->secrets has those that may be kept. */
extern void sf_secrets_hide(SfFactBase *base);

/* The same for the text of a unit that is about to be recorded; returns the secrets. */
extern List *sf_secrets_hide_text(SfUnit *unit);

/* Store what tokens stand for. */
extern void sf_secrets_keep(List *secrets);

/* Put values in the place of tokens; raises when one is not known here. */
extern void sf_secrets_reveal(Node *statement);

#endif
