using System.Collections.Immutable;
using System.Security.Cryptography;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>Reads and verifies checkpoints on a disk. Problems name the part that is wrong. Thread-safe.</summary>
public static class CheckpointFolder
{
    private const int PieceBytes = 1024 * 1024;

    /// <summary>Reads what a checkpoint says of itself, and looks whether its files are there at the right length. Hashes are not compared.</summary>
    /// <param name="directory">The checkpoint's own directory.</param>
    /// <param name="seal">The SHA-256 that its manifest must have; null takes what is there.</param>
    public static Outcome<CheckpointManifest> Open(string directory, string? seal = null)
    {
        var file = Path.Combine(directory, CheckpointManifest.FileName);
        try
        {
            var bytes = new FileInfo(file).Length <= CheckpointManifest.BytesMax ? File.ReadAllBytes(file) : [];
            var read = CheckpointManifest.Read(bytes);
            if (read.Succeeded && seal is not null && CheckpointManifest.Seal(bytes) != seal)
            {
                return Wrong(directory, CheckpointManifest.FileName, "was altered, or is another checkpoint's: its SHA-256 is not the one that sealed it");
            }

            if (!read.Succeeded)
            {
                return new([.. read.Problems.Select(problem => problem with { File = file })]);
            }

            var problems = read.Value.Parts.Select(part => Measure(directory, part)).OfType<Problem>().ToImmutableArray();
            return problems.IsEmpty ? read : new(problems);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return Wrong(directory, CheckpointManifest.FileName, "is missing: this is no checkpoint, or one that was never finished");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Wrong(directory, CheckpointManifest.FileName, $"cannot be read: {error.Message}");
        }
    }

    /// <summary>The same, and compares the SHA-256 of every file.</summary>
    /// <param name="directory">The checkpoint's own directory.</param>
    /// <param name="seal">The SHA-256 that its manifest must have; null takes what is there.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static Outcome<CheckpointManifest> Verify(string directory, string? seal, CancellationToken cancellation)
    {
        var opened = Open(directory, seal);
        if (!opened.Succeeded)
        {
            return opened;
        }

        var problems = opened.Value.Parts.Select(part => Compare(directory, part, cancellation)).OfType<Problem>().ToImmutableArray();
        return problems.IsEmpty ? opened : new(problems);
    }

    /// <summary>The SHA-256 of a checkpoint's manifest as it lies there.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string SealOf(string directory) => CheckpointManifest.Seal(File.ReadAllBytes(Path.Combine(directory, CheckpointManifest.FileName)));

    /// <summary>What a site reports of a checkpoint.</summary>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="seal">The manifest's SHA-256.</param>
    /// <param name="directory">Where it lies.</param>
    public static CheckpointReport Report(CheckpointManifest manifest, string seal, string directory)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return new CheckpointReport
        {
            Job = manifest.Job,
            Name = CheckpointManifest.NameOf(manifest.Round, seal),
            Seal = seal,
            Island = manifest.Island,
            Round = manifest.Round,
            Epoch = manifest.Epoch,
            Islands = manifest.Islands,
            Mode = manifest.Mode,
            Finished = manifest.Finished,
            Held = manifest.Held,
            HasTrainer = manifest.HasTrainer,
            StateHash = manifest.StateHash,
            Ledger = manifest.Ledger,
            Steps = manifest.Steps,
            Tokens = manifest.Tokens,
            Bytes = manifest.TotalBytes,
            Directory = directory,
        };
    }

    /// <summary>A problem with one part of a checkpoint.</summary>
    internal static Problem Problem(string directory, string part, string what) => new($"The checkpoint's part {part} {what}.", Path.Combine(directory, part));

    private static Problem? Measure(string directory, CheckpointPart part)
    {
        var file = new FileInfo(Path.Combine(directory, part.File));
        return !file.Exists ? Problem(directory, part.File, "is missing")
            : file.Length != part.Bytes ? Problem(directory, part.File, $"has {file.Length} bytes where its manifest says {part.Bytes}: it is {(file.Length < part.Bytes ? "cut short" : "altered")}")
            : null;
    }

    private static Problem? Compare(string directory, CheckpointPart part, CancellationToken cancellation)
    {
        try
        {
            using var file = new FileStream(Path.Combine(directory, part.File), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var piece = new byte[PieceBytes];
            for (int read; (read = file.Read(piece)) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(piece.AsSpan(0, read));
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset()) == part.Sha256 ? null : Problem(directory, part.File, "was altered: its SHA-256 is not the manifest's");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Problem(directory, part.File, $"cannot be read: {error.Message}");
        }
    }

    private static Outcome<CheckpointManifest> Wrong(string directory, string part, string what) => new([Problem(directory, part, what)]);
}
