-- What a key stands for: the same act when it is tried again because nobody knows whether it was done.
ALTER TABLE "idempotency_keys" ADD COLUMN "act_id" UUID NOT NULL DEFAULT uuidv7();
