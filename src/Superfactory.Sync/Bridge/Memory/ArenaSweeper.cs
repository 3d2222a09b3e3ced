namespace Superfactory.Sync.Bridge.Memory;

/// <summary>Frees the memory that bridges left behind which were killed before they could.</summary>
internal static class ArenaSweeper
{
    /// <summary>Arenas younger than this are left alone: between its making and its locking, an arena looks like one left behind.</summary>
    public static readonly TimeSpan AgeMin = TimeSpan.FromMinutes(1);

    /// <summary>Deletes the arenas in <paramref name="directory"/> that no living bridge holds, with the files that belong to them.</summary>
    /// <returns>How many arenas were deleted.</returns>
    public static int Sweep(string directory, TimeProvider time)
    {
        var before = time.GetUtcNow() - AgeMin;
        var swept = 0;
        foreach (var path in Directory.EnumerateFiles(directory, $"{SharedArena.NamePrefix}*{SharedArena.NameSuffix}"))
        {
            if (File.GetLastWriteTimeUtc(path) > before || !IsLeftBehind(path))
            {
                continue;
            }

            foreach (var part in Directory.EnumerateFiles(directory, Path.GetFileName(path) + "*"))
            {
                File.Delete(part);
            }

            swept++;
        }

        return swept;
    }

    private static bool IsLeftBehind(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Locked by a living bridge, gone since, or another user's.
            return false;
        }
    }
}
