using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>What a bridge says to its trainer: one JSON object per line. Immutable.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Welcome), "welcome")]
[JsonDerivedType(typeof(Arena), "arena")]
[JsonDerivedType(typeof(Begin), "begin")]
[JsonDerivedType(typeof(Deal), "deal")]
[JsonDerivedType(typeof(RoundMerged), "merged")]
[JsonDerivedType(typeof(CopyState), "copy_state")]
[JsonDerivedType(typeof(Accepted), "ok")]
[JsonDerivedType(typeof(Finalized), "finalized")]
[JsonDerivedType(typeof(Done), "done")]
[JsonDerivedType(typeof(Failed), "failed")]
internal abstract record TrainerReply
{
    private TrainerReply()
    {
    }

    /// <summary>Answers hello: which run this is.</summary>
    public sealed record Welcome(
        int Protocol, long Run, string Island, ImmutableArray<string> Islands, int Index, SyncMode Mode, int Every, int Seed) : TrainerReply;

    /// <summary>Answers register: where the shared memory is, and the offsets of its regions in bytes.</summary>
    public sealed record Arena(string Path, long Bytes, long Local, long Merged, long Statics, long StaticsBytes) : TrainerReply;

    /// <summary>Answers start.</summary>
    /// <param name="Turn">What the trainer does next.</param>
    /// <param name="LoadMerged">Whether it takes parameters and statics from the arena first.</param>
    /// <param name="State">A state file to load; null where there is none.</param>
    public sealed record Begin(RoundTurn Turn, bool LoadMerged, string? State) : TrainerReply;

    /// <summary>Answers data.</summary>
    public sealed record Deal(TrainerSamples? Samples, RoundTurn Turn) : TrainerReply;

    /// <summary>Answers merge: the result is in the arena.</summary>
    public sealed record RoundMerged(long Round, long Tokens, double Loss, bool Reset, bool Skip, RoundTurn Turn, TrainerSamples? Samples) : TrainerReply;

    /// <summary>Asks the trainer, before its merge is answered, to write its state to a file.</summary>
    public sealed record CopyState(string Path) : TrainerReply;

    /// <summary>Answers saved.</summary>
    public sealed record Accepted : TrainerReply;

    /// <summary>Answers finalize: the final tensors are in the arena.</summary>
    public sealed record Finalized(bool LoadMerged, bool LoadStatics) : TrainerReply;

    /// <summary>Answers finish, once every island is done.</summary>
    public sealed record Done : TrainerReply;

    /// <summary>Refuses whatever came last, and ends the connection.</summary>
    public sealed record Failed(string Reason) : TrainerReply;

    /// <summary>The reply as its line, with its end.</summary>
    public byte[] ToLine() => [.. JsonSerializer.SerializeToUtf8Bytes(this, FactoryJson.Options), (byte)'\n'];
}

/// <summary>An island's samples as the trainer's protocol writes them: ranges as pairs.</summary>
internal sealed record TrainerSamples(int Segment, ImmutableArray<ImmutableArray<long>> Ranges, long Stride, long Offset, int Batch, long Planned)
{
    /// <summary>The same samples; null for null.</summary>
    public static TrainerSamples? From(DealtSamples? samples) =>
        samples is null ? null : new(
            samples.Segment,
            [.. samples.Ranges.Select(range => ImmutableArray.Create(range.Start, range.End))],
            samples.Stride,
            samples.Offset,
            samples.Batch,
            samples.Planned);
}
