namespace Superfactory.Sync.Merging.Transfer;

/// <summary>The pieces of state that an offer announces, in the order in which their bytes are sent. A part that is not sent is empty.</summary>
internal sealed record StateParts
{
    /// <summary>The run's history.</summary>
    public ReadOnlyMemory<byte> Run { get; init; }

    /// <summary>The parameters.</summary>
    public Memory<float> Parameters { get; init; }

    /// <summary>The outer momentum.</summary>
    public Memory<float> Momentum { get; init; }

    /// <summary>The last round's mean.</summary>
    public Memory<float> Result { get; init; }

    /// <summary>Frozen tensors and buffers.</summary>
    public ReadOnlyMemory<byte> Statics { get; init; }

    /// <summary>A trainer's own state.</summary>
    public ReadOnlyMemory<byte> Trainer { get; init; }

    /// <summary>The announcement of these parts.</summary>
    public OfferMessage ToOffer(FetchKind kind, long round) => new()
    {
        Kind = kind,
        Round = round,
        Available = true,
        RunBytes = Run.Length,
        ParameterBytes = Parameters.Length * (long)sizeof(float),
        MomentumBytes = Momentum.Length * (long)sizeof(float),
        ResultBytes = Result.Length * (long)sizeof(float),
        StaticsBytes = Statics.Length,
        TrainerBytes = Trainer.Length,
        Hash = Hash(),
    };

    private ulong Hash()
    {
        var hash = new ContentHash();
        hash.Append(Run.Span);
        hash.Append(Parameters.Span);
        hash.Append(Momentum.Span);
        hash.Append(Result.Span);
        hash.Append(Statics.Span);
        hash.Append(Trainer.Span);
        return hash.Finish();
    }
}
