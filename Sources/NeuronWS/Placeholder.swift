// NeuronWS
