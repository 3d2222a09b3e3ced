using Superfactory.Model.Jobs;

namespace Superfactory.Simulation.Training;

/// <summary>What a trainer gave for a round, as the trainer itself says.</summary>
/// <param name="Round">The round.</param>
/// <param name="Mode">What is merged in it.</param>
/// <param name="Start">The parameters that it began from; empty in streaming, where they are the trainer's own.</param>
/// <param name="Momentum">What its optimizer held then.</param>
/// <param name="Given">What it gave: parameters, of which streaming merges a part, or in every-step a gradient.</param>
/// <param name="Positions">The samples whose training is in what it gave.</param>
/// <param name="Tokens">Their tokens.</param>
/// <param name="Spoiled">Whether something is wrong with it, so that it must be refused.</param>
internal sealed record GivenRound(long Round, SyncMode Mode, float[] Start, float[] Momentum, float[] Given, List<long> Positions, long Tokens, bool Spoiled);
