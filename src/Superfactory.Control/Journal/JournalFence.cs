using Microsoft.Data.Sqlite;
using Superfactory.Control.Hosting;

namespace Superfactory.Control.Journal;

/// <summary>
/// Keeps a second control plane off the same directory. The kernel holds the lock for as long as this process lives, however it ends,
/// so that the next one need not wait after a kill.
/// </summary>
internal sealed class JournalFence : IDisposable
{
    private readonly FileStream _lock;

    private JournalFence(FileStream held) => _lock = held;

    public static Started<JournalFence> Take(string directory, string journalPath)
    {
        try
        {
            return new JournalFence(new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return StartFault.Setup(
                $"Another control plane{Owner(journalPath)} uses the state directory {Path.GetDirectoryName(directory)}.",
                "Stop it, or choose another directory with --state.");
        }
        catch (UnauthorizedAccessException exception)
        {
            return StartFault.Setup($"The state directory {directory} can't be used: {exception.Message}", "Make it writable.");
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string Owner(string journalPath)
    {
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
            {
                DataSource = journalPath,
                Mode = SqliteOpenMode.ReadOnly,
                Pooling = false,
            }.ToString());
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT process, host FROM writer WHERE id = 1";
            using var reader = command.ExecuteReader();
            return reader.Read() ? $" (process {reader.GetInt64(0)} on host {reader.GetString(1)})" : string.Empty;
        }
        catch (SqliteException exception)
        {
            // The other one may not have written its name yet; the refusal stands without it.
            return $" (its name can't be read: {exception.SqliteErrorCode})";
        }
    }
}
