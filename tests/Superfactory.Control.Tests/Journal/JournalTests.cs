using Microsoft.Data.Sqlite;
using Superfactory.Control.Hosting;
using Superfactory.Control.Journal;
using Superfactory.Control.Tests.Support;
using Superfactory.Core;
using Superfactory.Core.Records;

namespace Superfactory.Control.Tests.Journal;

public sealed class JournalTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Records_that_were_committed_are_there_after_a_kill()
    {
        using var copy = new TemporaryDirectory();
        using (var journal = Open(_directory.Path))
        {
            journal.Append([Joined("atlanta"), Joined("wisconsin")]);

            // What a kill leaves: the files as they are, with nothing closed.
            foreach (var file in Directory.GetFiles(_directory.Path, "journal.db*"))
            {
                File.Copy(file, Path.Combine(copy.Path, Path.GetFileName(file)));
            }
        }

        using var reopened = Open(copy.Path);
        reopened.State.Revision.ShouldBe(2);
        reopened.State.Sites.Keys.ShouldBe(["atlanta", "wisconsin"]);
    }

    [Fact]
    public void Replay_from_a_snapshot_gives_the_same_state_as_replay_from_the_first_record()
    {
        string expected;
        using (var journal = FactoryJournal.Open(_directory.Path, recordsPerSnapshot: 4).Value!)
        {
            for (var number = 0; number < 11; number++)
            {
                journal.Append([Joined($"site-{number % 3}", $"session-{number}")]);
                journal.KeepSnapshot();
            }

            expected = FactorySnapshot.Of(journal.State).ToJson();
        }

        Scalar("SELECT COUNT(*) FROM snapshots").ShouldBe(2);
        using (var journal = Open(_directory.Path))
        {
            FactorySnapshot.Of(journal.State).ToJson().ShouldBe(expected);
        }

        Execute("DELETE FROM snapshots");
        using var replayed = Open(_directory.Path);
        FactorySnapshot.Of(replayed.State).ToJson().ShouldBe(expected);
    }

    [Fact]
    public void Altered_snapshot_is_passed_over()
    {
        using (var journal = FactoryJournal.Open(_directory.Path, recordsPerSnapshot: 1).Value!)
        {
            journal.Append([Joined("atlanta")]);
            journal.KeepSnapshot();
        }

        Execute("UPDATE snapshots SET body = replace(body, 'atlanta', 'nowhere')");
        using var reopened = Open(_directory.Path);
        reopened.State.Sites.Keys.ShouldBe(["atlanta"]);
    }

    [Theory]
    [InlineData("UPDATE records SET body = replace(body, 'atlanta', 'nowhere') WHERE revision = 2", "record 2 is not what was written.")]
    [InlineData("DELETE FROM records WHERE revision = 3", "it ends at record 2, and 3 were written.")]
    [InlineData("DELETE FROM records WHERE revision = 2", "record 2 is missing.")]
    public void Record_that_was_altered_or_lost_is_reported_and_nothing_is_started(string damage, string said)
    {
        using (var journal = Open(_directory.Path))
        {
            journal.Append([Joined("wisconsin"), Joined("atlanta"), Joined("texas")]);
        }

        Execute(damage);

        var fault = FactoryJournal.Open(_directory.Path).Fault!;
        fault.ExitCode.ShouldBe(StartFault.CannotSetUp);
        fault.Problem.Message.ShouldEndWith(said);
        fault.Problem.Hint.ShouldNotBeNull();
    }

    [Fact]
    public void Truncated_file_is_reported()
    {
        using (var journal = Open(_directory.Path))
        {
            journal.Append([Joined("atlanta")]);
        }

        using (var file = File.OpenWrite(Path.Combine(_directory.Path, FactoryJournal.FileName)))
        {
            file.SetLength(5_000);
        }

        var fault = FactoryJournal.Open(_directory.Path).Fault!;
        fault.ExitCode.ShouldBe(StartFault.CannotSetUp);
        fault.Problem.Message.ShouldContain("can't be read");
    }

    [Fact]
    public void Journal_of_a_newer_version_is_refused_naming_both()
    {
        Open(_directory.Path).Dispose();
        Execute("PRAGMA user_version = 9");

        var fault = FactoryJournal.Open(_directory.Path).Fault!;
        fault.ExitCode.ShouldBe(StartFault.BadInput);
        fault.Problem.Message.ShouldContain("has version 9, and this superfactory knows versions up to 1.");
    }

    [Fact]
    public void Second_writer_is_refused_and_may_come_when_the_first_is_gone()
    {
        using (Open(_directory.Path))
        {
            var fault = FactoryJournal.Open(_directory.Path).Fault!;
            fault.ExitCode.ShouldBe(StartFault.CannotSetUp);
            fault.Problem.Message.ShouldContain($"Another control plane (process {Environment.ProcessId} on host {Environment.MachineName})");
        }

        Open(_directory.Path).Dispose();
    }

    [Fact]
    public void Writer_of_an_older_term_can_append_nothing()
    {
        using var journal = Open(_directory.Path);
        journal.Append([Joined("atlanta")]);
        Execute("UPDATE writer SET term = term + 1");

        Should.Throw<JournalException>(() => journal.Append([Joined("texas")])).Message.ShouldContain("taken over");

        journal.State.Revision.ShouldBe(1);
        Scalar("SELECT COUNT(*) FROM records").ShouldBe(1);
    }

    private static FactoryJournal Open(string directory)
    {
        var opened = FactoryJournal.Open(directory);
        opened.Fault.ShouldBeNull();
        return opened.Value!;
    }

    private static SiteJoined Joined(string site, string session = "s1") => new()
    {
        At = 1_000,
        Site = site,
        Session = session,
        Host = "host",
        ProcessId = 1,
        Gateway = "127.0.0.1:9001",
        Slots = 1,
        Version = "0.1.0",
    };

    private void Execute(string sql) => Run(sql, command => command.ExecuteNonQuery());

    private long Scalar(string sql) => Run(sql, command => (long)command.ExecuteScalar()!);

    private T Run<T>(string sql, Func<SqliteCommand, T> run)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, FactoryJournal.FileName)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return run(command);
    }
}
