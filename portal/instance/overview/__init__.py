"""The Overview tab: the chain and its picture, what the instance is, its policy and exports."""
