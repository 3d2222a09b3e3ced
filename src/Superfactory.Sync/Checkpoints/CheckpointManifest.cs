using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Checkpoints;

/// <summary>One file of a checkpoint.</summary>
/// <param name="File">Its name in the checkpoint's directory.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="Sha256">SHA-256 of all of it, in lower-case hexadecimal.</param>
public sealed record CheckpointPart(string File, long Bytes, string Sha256);

/// <summary>What a checkpoint of a run in lanes has of one lane.</summary>
/// <param name="StateHash">Hash of what the islands hold alike of it, 16 hexadecimal digits.</param>
/// <param name="Tensors">The tensors that were registered in it, in their order.</param>
public sealed record CheckpointLane(string StateHash, ImmutableArray<TensorEntry> Tensors);

/// <summary>
/// What a checkpoint is: <c>manifest.json</c>, written when every part is on the disk, so that a checkpoint without one is none. Its own hash
/// seals the whole. The same state of the same island gives the same bytes. Immutable.
/// </summary>
public sealed record CheckpointManifest
{
    /// <summary>The version of the format of a checkpoint that has the model in one piece.</summary>
    public const int FormatOfOne = 2;

    /// <summary>The version of the format of a checkpoint that has the model in lanes. This program reads both, and no other.</summary>
    public const int FormatOfLanes = 3;

    /// <summary>The longest manifest that is read: 30,000 tensors with long names take 6 MB.</summary>
    public const int BytesMax = 64 * 1024 * 1024;

    /// <summary>The manifest's file.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The run's history: the ledger, the deal, what was refused; as the bridges write it to each other.</summary>
    public const string HistoryFile = "history.bin";

    /// <summary>The merged parameters in fp32 by name; not in an every-step checkpoint of a run that goes on, where <see cref="TrainerFile"/> has them.</summary>
    public const string ParametersFile = "parameters.safetensors";

    /// <summary>The outer momentum in fp32 by the parameters' names; where there is one.</summary>
    public const string MomentumFile = "momentum.safetensors";

    /// <summary>Frozen tensors and buffers in their own types; where there are any.</summary>
    public const string StaticsFile = "statics.safetensors";

    /// <summary>The trainer's own state (docs/trainer-protocol.md): always in every-step, in diloco where the job was held.</summary>
    public const string TrainerFile = "trainer.sfstate";

    /// <summary>The version of the format.</summary>
    public required int Format { get; init; }

    /// <summary>The job whose run it is of.</summary>
    public required long Job { get; init; }

    /// <summary>The island that wrote it.</summary>
    public required string Island { get; init; }

    /// <summary>Rounds that are merged in it.</summary>
    public required long Round { get; init; }

    /// <summary>The epoch in which it was cut.</summary>
    public required int Epoch { get; init; }

    /// <summary>The run's islands in their order.</summary>
    public required ImmutableArray<string> Islands { get; init; }

    /// <summary>The run's mode.</summary>
    public required SyncMode Mode { get; init; }

    /// <summary>Whether everything planned is merged in it: what it holds is the run's result.</summary>
    public bool Finished { get; init; }

    /// <summary>Whether it was written because the job was told to save and stop.</summary>
    public bool Held { get; init; }

    /// <summary>Hash of what the islands hold alike, 16 hexadecimal digits.</summary>
    public required string StateHash { get; init; }

    /// <summary>The ledger's numbers; null where the run is untracked. Nothing is in flight in it: what was dealt and not merged is free.</summary>
    public LedgerTotals? Ledger { get; init; }

    /// <summary>Steps over all islands.</summary>
    public required long Steps { get; init; }

    /// <summary>Tokens over all islands.</summary>
    public required long Tokens { get; init; }

    /// <summary>The tensors that the trainer registered, in its order.</summary>
    public required ImmutableArray<TensorEntry> Tensors { get; init; }

    /// <summary>The lanes of a run in lanes; null of any other. Then <see cref="Tensors"/> has those of all lanes, and each lane its own files (<see cref="FileOf"/>).</summary>
    public ImmutableArray<CheckpointLane>? Lanes { get; init; }

    /// <summary>The files, all but the manifest itself.</summary>
    public required ImmutableArray<CheckpointPart> Parts { get; init; }

    /// <summary>Bytes of all parts.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long TotalBytes => Parts.Sum(part => part.Bytes);

    /// <summary>Whether it has a trainer's own state.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasTrainer => Lanes is { } lanes ? lanes.Select((_, lane) => OfLane(lane)).All(static each => each.HasTrainer) : Find(TrainerFile) is not null;

    /// <summary>The lane whose files <see cref="Find"/> looks for; null where the model is in one piece.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int? Lane { get; private init; }

    /// <summary>The manifest of a state whose parts are written.</summary>
    /// <param name="state">What the checkpoint holds.</param>
    /// <param name="job">The job whose run it is of.</param>
    /// <param name="island">The island that writes it.</param>
    /// <param name="held">Whether the job was told to save and stop.</param>
    /// <param name="parts">The files, all but the manifest itself.</param>
    internal static CheckpointManifest Of(CheckpointState state, long job, string island, bool held, ImmutableArray<CheckpointPart> parts) => new()
    {
        Format = FormatOfOne,
        Job = job,
        Island = island,
        Round = state.Round,
        Epoch = state.Epoch,
        Islands = state.Islands,
        Mode = state.Mode,
        Finished = state.Finished,
        Held = held,
        StateHash = state.StateHash.ToString("x16", CultureInfo.InvariantCulture),
        Ledger = state.Ledger,
        Steps = state.Steps,
        Tokens = state.Tokens,
        Tensors = state.Tensors,
        Parts = parts,
    };

    /// <summary>The manifest of a run in lanes, of which each lane has written its own parts.</summary>
    /// <param name="lanes">What each lane has, in their order, from <see cref="Of"/>.</param>
    internal static CheckpointManifest Join(IReadOnlyList<CheckpointManifest> lanes) => lanes[0] with
    {
        Format = FormatOfLanes,
        StateHash = ContentHash.Of([.. lanes.Select(static lane => ulong.Parse(lane.StateHash, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))]).ToString("x16", CultureInfo.InvariantCulture),
        Tensors = [.. lanes.SelectMany(static lane => lane.Tensors)],
        Lanes = [.. lanes.Select(static lane => new CheckpointLane(lane.StateHash, lane.Tensors))],
        Parts = [.. lanes.SelectMany(static lane => lane.Parts)],
    };

    /// <summary>The name of a file of a checkpoint.</summary>
    /// <param name="file">What it holds: <see cref="HistoryFile"/> and the like.</param>
    /// <param name="lane">Of which lane; null where the model is in one piece.</param>
    public static string FileOf(string file, int? lane) => lane is { } number ? string.Create(CultureInfo.InvariantCulture, $"lane-{number}.{file}") : file;

    /// <summary>What a checkpoint has of one lane, as if it were a checkpoint of that alone.</summary>
    /// <param name="lane">From 0; less than there are.</param>
    public CheckpointManifest OfLane(int lane) => this with { StateHash = Lanes!.Value[lane].StateHash, Tensors = Lanes.Value[lane].Tensors, Lanes = null, Lane = lane };

    /// <summary>The part of a name; null where there is none.</summary>
    public CheckpointPart? Find(string file)
    {
        var name = FileOf(file, Lane);
        return Parts.FirstOrDefault(part => string.Equals(part.File, name, StringComparison.Ordinal));
    }

    /// <summary>The manifest's file: the same bytes for equal manifests.</summary>
    public byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, FactoryJson.Readable), (byte)'\n'];

    /// <summary>The hash that seals a checkpoint: SHA-256 of its manifest's file, in lower-case hexadecimal.</summary>
    public static string Seal(ReadOnlySpan<byte> manifest) => Convert.ToHexStringLower(SHA256.HashData(manifest));

    /// <summary>The name of the directory of a checkpoint: its round and the beginning of its seal, so that no two share one.</summary>
    public static string NameOf(long round, string seal)
    {
        ArgumentNullException.ThrowIfNull(seal);
        return string.Create(CultureInfo.InvariantCulture, $"round-{round:D8}-{seal[..12]}");
    }

    /// <summary>Whether a text is the name of a checkpoint's directory, as <see cref="NameOf"/> makes it, and so leads nowhere else.</summary>
    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var parts = name.Split('-');
        return parts is ["round", { Length: >= 8 and <= 19 } round, { Length: 12 } seal] && round.All(char.IsAsciiDigit) && seal.All(char.IsAsciiHexDigitLower);
    }

    /// <summary>Reads a manifest's file; a problem names what is wrong with it.</summary>
    /// <param name="bytes">All of it.</param>
    public static Outcome<CheckpointManifest> Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            // The version first: a newer one may have other fields, and must not be read as if it were this one.
            var head = JsonSerializer.Deserialize<Head>(bytes, FactoryJson.Options);
            if (head is null || head.Format < 1)
            {
                return Wrong("It is no manifest of a checkpoint: it has no 'format'.");
            }

            if (head.Format is < FormatOfOne or > FormatOfLanes)
            {
                return Wrong($"The checkpoint has format {head.Format}; this program reads the formats {FormatOfOne} and {FormatOfLanes}.",
                    head.Format > FormatOfLanes ? "Use a newer superfactory." : "Use the superfactory that wrote it.");
            }

            return JsonSerializer.Deserialize<CheckpointManifest>(bytes, FactoryJson.Options) is { } read && read.IsWhole()
                ? new(read)
                : Wrong("It is no manifest of a checkpoint: parts or tensors are missing.");
        }
        catch (JsonException error)
        {
            return Wrong($"It is no manifest of a checkpoint, or is cut short: {error.Message}");
        }
    }

    private static Outcome<CheckpointManifest> Wrong(string message, string? hint = null) => new([new Problem(message, FileName, Hint: hint)]);

    private bool IsWhole() => !Parts.IsDefaultOrEmpty && !Tensors.IsDefaultOrEmpty && !Islands.IsDefaultOrEmpty && HasHistory()
        && Parts.All(part => part is { Bytes: >= 0, Sha256.Length: 64, File.Length: > 0 } && !part.File.Contains('/') && part.File != FileName)
        && Tensors.All(tensor => tensor is { Name: not null, DataType: not null, Bytes: >= 0, Shape.IsDefault: false });

    private bool HasHistory() => Lanes is not { } lanes ? Format == FormatOfOne && Find(HistoryFile) is not null
        : Format == FormatOfLanes && lanes.Length > 1 && lanes.All(static lane => lane is { StateHash: not null, Tensors.IsDefaultOrEmpty: false })
            && lanes.Sum(static lane => lane.Tensors.Length) == Tensors.Length && lanes.Select((_, lane) => OfLane(lane)).All(static each => each.Find(HistoryFile) is not null);

    private sealed record Head
    {
        public int Format { get; init; }
    }
}
