using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Superfactory.Model;
using Superfactory.Model.Choosing;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>What a bridge says to its trainer: one JSON object per line. Immutable.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Welcome), "welcome")]
[JsonDerivedType(typeof(Arena), "arena")]
[JsonDerivedType(typeof(Begin), "begin")]
[JsonDerivedType(typeof(Follow), "follow")]
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
        int Protocol, long Run, string Island, ImmutableArray<string> Islands, int Index, SyncMode Mode, int Every, int Seed, TrainerStreaming? Streaming) : TrainerReply;

    /// <summary>Answers register: where the shared memory is, and the offsets of its regions in bytes.</summary>
    public sealed record Arena(string Path, long Bytes, long Local, long Merged, long Statics, long StaticsBytes) : TrainerReply;

    /// <summary>Answers start.</summary>
    /// <param name="Turn">What the trainer does next.</param>
    /// <param name="LoadMerged">Whether it takes parameters and statics from the arena first.</param>
    /// <param name="State">A state file to load; null where there is none.</param>
    /// <param name="Steps">Files with steps to take from where the trainer stands, in place of a state; null where there are none.</param>
    /// <param name="Rest">A file with what else belongs to the boundary after them.</param>
    public sealed record Begin(RoundTurn Turn, bool LoadMerged, string? State, ImmutableArray<string>? Steps = null, string? Rest = null) : TrainerReply;

    /// <summary>Answers start or followed: there is something to take before it begins.</summary>
    /// <param name="State">A state file to load; null where the trainer goes on from where it stands.</param>
    /// <param name="Steps">Files with steps to take after it.</param>
    public sealed record Follow(string? State, ImmutableArray<string> Steps) : TrainerReply;

    /// <summary>Answers data.</summary>
    public sealed record Deal(TrainerSamples? Samples, RoundTurn Turn, TrainerSamples? FollowingSamples = null) : TrainerReply;

    /// <summary>Answers merge: the result is in the arena. The trainer writes the step that it takes now to <paramref name="Keep"/>, where there is one.</summary>
    public sealed record RoundMerged(long Round, long Tokens, double Loss, bool Reset, bool Skip, RoundTurn Turn, TrainerSamples? Samples, TrainerSamples? FollowingSamples = null, string? State = null, string? Keep = null) : TrainerReply;

    /// <summary>Asks the trainer, before its merge is answered, to write its state to a file.</summary>
    /// <param name="Path">The file.</param>
    /// <param name="Standing">Whether, in streaming, where it stands since it gave its numbers belongs to it.</param>
    /// <param name="Rest">Whether parameters and the optimizers' numbers are left out, and their hash stands for them.</param>
    public sealed record CopyState(string Path, bool Standing = false, bool Rest = false) : TrainerReply;

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

/// <summary>What a trainer must know of streaming.</summary>
/// <param name="Fragments">How many to make of the model; 0 leaves it to the client.</param>
/// <param name="Overlap">Whether it trains on while a fragment is merged.</param>
/// <param name="Delay">Steps after which a result is applied at the earliest.</param>
/// <param name="Staleness">Steps after which it waits for one; 0 leaves it to the client.</param>
/// <param name="Mixing">The share of its own parameters in what it goes on with.</param>
/// <param name="Every">Steps between two merges of a fragment, where the run chooses by itself when it streams; null where they are the welcome's.</param>
internal sealed record TrainerStreaming(int Fragments, bool Overlap, int Delay, int Staleness, double Mixing, int? Every = null)
{
    /// <summary>What a job says of it; null for a mode that never streams.</summary>
    public static TrainerStreaming? From(SyncSpecification sync) => sync.Mode switch
    {
        SyncMode.Streaming => new(sync.Fragments, sync.Overlap, sync.Delay, sync.Staleness, sync.Mixing),

        // Each turn says its delay; fragments are so few that the longest fits between two of them.
        SyncMode.Auto => new(0, true, ModeChooser.DelayMax, ModeChooser.DelayMax, sync.Mixing, ModeChooser.StreamingEvery),
        _ => null,
    };
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
