using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Simulation.Sites;

/// <summary>A checkpoint's files as they lie on a disk, and what its site says of it.</summary>
/// <param name="files">Every file by its name, the manifest too.</param>
/// <param name="report">What the site says.</param>
internal sealed class StoredCheckpoint(SortedDictionary<string, byte[]> files, CheckpointReport report)
{
    /// <summary>Every file by its name.</summary>
    public SortedDictionary<string, byte[]> Files { get; } = files;

    /// <summary>What its site says of it.</summary>
    public CheckpointReport Report { get; set; } = report;

    /// <summary>Whether its site tells of it; a copy is told of when the control plane has named it.</summary>
    public bool IsTold { get; set; } = true;

    /// <summary>The same files on another disk.</summary>
    public StoredCheckpoint Copy() => new(new SortedDictionary<string, byte[]>(Files, StringComparer.Ordinal), Report with { Problem = null }) { IsTold = false };

    /// <summary>Reads it, as <c>CheckpointFolder</c> and <c>CheckpointLoader</c> do: by the manifest's own reader, and every hash compared.</summary>
    /// <param name="seal">The SHA-256 that its manifest must have.</param>
    /// <param name="trusting">Whether no hash is compared, as nobody may.</param>
    public Outcome<WholeCheckpoint> Load(string seal, bool trusting)
    {
        var bytes = Files[CheckpointManifest.FileName];
        if (!trusting && CheckpointManifest.Seal(bytes) != seal)
        {
            return new([new Problem("The manifest is not the one that was sealed.")]);
        }

        var read = CheckpointManifest.Read(bytes);
        if (!read.Succeeded)
        {
            return new(read.Problems);
        }

        var manifest = read.Value;
        foreach (var part in manifest.Parts)
        {
            var there = Files[part.File];
            if (!trusting && (there.Length != part.Bytes || Convert.ToHexStringLower(SHA256.HashData(there)) != part.Sha256))
            {
                return new([new Problem($"The checkpoint's part {part.File} was altered or cut short.")]);
            }
        }

        return new(new WholeCheckpoint(manifest.Lanes is { } lanes ? [.. lanes.Select((_, lane) => Read(manifest.OfLane(lane)))] : [Read(manifest)]));
    }

    private CheckpointState Read(CheckpointManifest manifest) => new()
    {
        Round = manifest.Round,
        Epoch = manifest.Epoch,
        Islands = manifest.Islands,
        Mode = manifest.Mode,
        Finished = manifest.Finished,
        StateHash = ulong.Parse(manifest.StateHash, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
        Ledger = manifest.Ledger,
        Steps = manifest.Steps,
        Tokens = manifest.Tokens,
        Tensors = manifest.Tensors,
        History = Of(manifest, CheckpointManifest.HistoryFile),
        Parameters = Floats(Of(manifest, CheckpointManifest.ParametersFile)),
        Momentum = Floats(Of(manifest, CheckpointManifest.MomentumFile)),
        Statics = Of(manifest, CheckpointManifest.StaticsFile),
        Trainer = Of(manifest, CheckpointManifest.TrainerFile),
    };

    /// <summary>A part at the length that the manifest says: what a reader that trusts a file cut short would find is nothing.</summary>
    private byte[] Of(CheckpointManifest manifest, string file)
    {
        if (manifest.Find(file) is not { } part)
        {
            return [];
        }

        var bytes = new byte[part.Bytes];
        Files[part.File].AsSpan(0, Math.Min(bytes.Length, Files[part.File].Length)).CopyTo(bytes);
        return bytes;
    }

    private static float[] Floats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}

/// <summary>What a checkpoint holds.</summary>
/// <param name="Lanes">The state of each lane; of a model in one piece its own.</param>
internal sealed record WholeCheckpoint(ImmutableArray<CheckpointState> Lanes);
