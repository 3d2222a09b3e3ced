using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>Reads a checkpoint into memory; every byte that is used was compared with the manifest's hashes on the way.</summary>
internal static class CheckpointLoader
{
    /// <summary>Reads a checkpoint.</summary>
    /// <param name="directory">Its own directory.</param>
    /// <param name="seal">The SHA-256 that its manifest must have.</param>
    /// <param name="lane">The lane that is read of a run in lanes; null where the model is in one piece.</param>
    /// <param name="lanes">Lanes of the run that goes on from it.</param>
    public static Outcome<CheckpointState> Load(string directory, string? seal, int? lane = null, int lanes = 1)
    {
        var opened = CheckpointFolder.Open(directory, seal);
        if (!opened.Succeeded)
        {
            return new(opened.Problems);
        }

        var had = opened.Value.Lanes?.Length ?? 1;
        if (had != lanes)
        {
            return Wrong(directory, CheckpointManifest.FileName, $"has the model in {had} {(had == 1 ? "piece" : "lanes")}, and the job in {lanes}");
        }

        return Load(directory, lane is { } number ? opened.Value.OfLane(number) : opened.Value);
    }

    private static Outcome<CheckpointState> Load(string directory, CheckpointManifest manifest)
    {
        if (TensorTable.Create(manifest.Tensors, out var problem) is not { } table)
        {
            return Wrong(directory, CheckpointManifest.FileName, $"describes no model: {problem}");
        }

        if (!ulong.TryParse(manifest.StateHash, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash))
        {
            return Wrong(directory, CheckpointManifest.FileName, $"names the state hash '{manifest.StateHash}', which is none");
        }

        try
        {
            var parameters = Floats(directory, manifest, CheckpointManifest.ParametersFile, table);
            var momentum = Floats(directory, manifest, CheckpointManifest.MomentumFile, table);
            return new(new CheckpointState
            {
                Round = manifest.Round,
                Epoch = manifest.Epoch,
                Islands = manifest.Islands,
                Mode = manifest.Mode,
                Finished = manifest.Finished,
                StateHash = hash,
                Ledger = manifest.Ledger,
                Steps = manifest.Steps,
                Tokens = manifest.Tokens,
                Tensors = manifest.Tensors,
                History = Bytes(directory, manifest, CheckpointManifest.HistoryFile),
                Parameters = parameters,
                Momentum = momentum,
                Statics = Statics(directory, manifest, table),
                Trainer = Bytes(directory, manifest, CheckpointManifest.TrainerFile),
            });
        }
        catch (PartFault error)
        {
            return new([error.Problem]);
        }
    }

    private static float[] Floats(string directory, CheckpointManifest manifest, string file, TensorTable table)
    {
        if (manifest.Find(file) is not { } part)
        {
            return [];
        }

        var numbers = new float[table.ParameterSizes.Sum()];
        ReadTensors(directory, part, CheckpointTensors.Parameters(manifest.Tensors), MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    private static byte[] Statics(string directory, CheckpointManifest manifest, TensorTable table)
    {
        var bytes = new byte[table.StaticsBytes];
        if (manifest.Find(CheckpointManifest.StaticsFile) is { } part)
        {
            ReadTensors(directory, part, CheckpointTensors.Statics(manifest.Tensors), bytes);
        }
        else if (bytes.Length > 0)
        {
            throw new PartFault(CheckpointFolder.Problem(directory, CheckpointManifest.FileOf(CheckpointManifest.StaticsFile, manifest.Lane), "is missing from its manifest"));
        }

        return bytes;
    }

    private static byte[] Bytes(string directory, CheckpointManifest manifest, string file)
    {
        if (manifest.Find(file) is not { } part)
        {
            return [];
        }

        if (part.Bytes > Array.MaxLength)
        {
            throw new PartFault(CheckpointFolder.Problem(directory, part.File, $"has {part.Bytes} bytes, more than a bridge can hold"));
        }

        var bytes = new byte[part.Bytes];
        Read(directory, part, [], bytes);
        return bytes;
    }

    private static void ReadTensors(string directory, CheckpointPart part, ImmutableArray<SafetensorsEntry> expected, Span<byte> data)
    {
        var header = SafetensorsHeader.Write(expected);
        if (part.Bytes != header.Length + (long)data.Length)
        {
            throw new PartFault(CheckpointFolder.Problem(directory, part.File, "does not hold the tensors that its manifest lists"));
        }

        var found = new byte[header.Length];
        Read(directory, part, found, data);
        if (!found.AsSpan().SequenceEqual(header))
        {
            throw new PartFault(CheckpointFolder.Problem(directory, part.File, "does not hold the tensors that its manifest lists"));
        }
    }

    private static void Read(string directory, CheckpointPart part, Span<byte> head, Span<byte> data)
    {
        try
        {
            using var file = new FileStream(Path.Combine(directory, part.File), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            file.ReadExactly(head);
            hash.AppendData(head);
            file.ReadExactly(data);
            hash.AppendData(data);
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != part.Sha256)
            {
                throw new PartFault(CheckpointFolder.Problem(directory, part.File, "was altered: its SHA-256 is not the manifest's"));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PartFault(CheckpointFolder.Problem(directory, part.File, $"cannot be read: {error.Message}"));
        }
    }

    private static Outcome<CheckpointState> Wrong(string directory, string part, string what) => new([CheckpointFolder.Problem(directory, part, what)]);
}
