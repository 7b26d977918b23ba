#include "engine/shard/shard.h"
