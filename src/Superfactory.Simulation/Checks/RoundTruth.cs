namespace Superfactory.Simulation.Checks;

/// <summary>What a trainer gave for a round, as the trainer itself says.</summary>
/// <param name="Start">The parameters that it began from.</param>
/// <param name="Given">What it gave: parameters, or in every-step a gradient.</param>
/// <param name="Positions">The samples that it trained on.</param>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Poisoned">Whether its loss or a number is not finite.</param>
internal sealed record GivenRound(float[] Start, float[] Given, List<long> Positions, long Tokens, bool Poisoned);

/// <summary>A round's result, as it follows from what trainers gave.</summary>
/// <param name="Round">The round.</param>
/// <param name="StateHash">The hash of the state after it, as the first island that applied it has it.</param>
/// <param name="Parameters">The parameters after it.</param>
/// <param name="Momentum">The outer momentum after it; in every-step the trainers' own.</param>
/// <param name="Positions">The samples in it.</param>
internal sealed record RoundTruth(long Round, ulong StateHash, float[] Parameters, float[] Momentum, List<long> Positions);
